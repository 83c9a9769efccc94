import { ofType, type LiveEvent } from '$lib/live';

const NOUNS: readonly string[] = ['CERTIFICATE', 'CERTIFICATE_RESOLVER', 'DOMAIN', 'TCP_PROXY'];

/** Whether certificates, or what uses them, may be others after this event. */
export function concernsCertificates(event: LiveEvent): boolean {
  if (ofType(event, 'CertificateStateChanged', 'CertificateExpires')) return true;
  return 'noun' in event && NOUNS.includes(event.noun);
}
