/** Passkeys of this browser or of a device near it. */
import { tell } from '$lib/api/client';
import { BeginPasskey, SignInWithPasskey } from './queries';

/** Whether one can be used here: browsers want HTTPS (or this machine), and a name instead of an address. */
export function passkeys(): boolean {
  return supported() && isSecureContext && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Whether this browser knows what they are. */
export function supported(): boolean {
  return typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
}

/** Throws `Problem` where the server refuses, and `DOMException` where the browser or the person does. */
export async function signInWithPasskey(): Promise<void> {
  const { options } = await tell(BeginPasskey, { input: { add: false } });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options ?? '{}'));
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  await tell(SignInWithPasskey, { input: { credential: JSON.stringify(credential.toJSON()) } });
}

/** What the device has made, as the server wants it. Throws as `signInWithPasskey`. */
export async function makePasskey(): Promise<string> {
  const { options } = await tell(BeginPasskey, { input: { add: true } });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options ?? '{}'));
  const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  return JSON.stringify(credential.toJSON());
}
