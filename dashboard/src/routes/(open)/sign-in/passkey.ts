/** Sign in with a passkey of this browser or of a device near it. */
import { tell } from '$lib/api/client';
import { BeginPasskey, SignInWithPasskey } from '../queries';

export const passkeys =
  typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

/** Throws `Problem` where the server refuses, and `DOMException` where the browser or the person does. */
export async function signInWithPasskey(): Promise<void> {
  const { options } = await tell(BeginPasskey, { input: {} });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options ?? '{}'));
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  await tell(SignInWithPasskey, { input: { credential: JSON.stringify(credential.toJSON()) } });
}
