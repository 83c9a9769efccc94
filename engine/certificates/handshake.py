"""Which certificate the proxy shows for a name: a TLS handshake, as a visitor's browser makes it."""

import asyncio
import ssl
from contextlib import suppress

from cryptography import x509

_SECONDS = 5.0


async def shown_certificate(address: str, port: int, name: str) -> x509.Certificate | None:
    """The certificate that is shown to whoever asks for this name; None where nobody answers.

    Nothing is sent, and whether the certificate can be trusted is not looked at.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    except (OSError, ssl.SSLError, TimeoutError, ValueError):
        return None
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                await writer.wait_closed()
    return x509.load_der_x509_certificate(shown) if shown else None
