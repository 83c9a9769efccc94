"""A TLS handshake, to see which certificate is shown for a name. Nothing is believed, only looked at."""

import asyncio
import ssl
from contextlib import suppress

from cryptography import x509

_SECONDS = 5.0


async def shown_certificate(address: str, port: int, name: str) -> x509.Certificate | None:
    """The certificate that is shown there to who asks for this name; None where there is no handshake in time."""
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(address, port, ssl=looking, server_hostname=name)
    except (OSError, TimeoutError):  # ssl.SSLError is an OSError
        return None
    try:
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(found) if found else None
    except ValueError:
        return None
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                await writer.wait_closed()
