import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { isLoopbackName } from './engine-address.ts';
import type { Finding } from './finding.ts';

/** What the checks of every engine have in common. */

/** A setting that is null when it is not set, and its key. */
type OptionalKey = readonly [field: keyof Config, key: string];

/** The keys that are set although `missing`, without which they have no effect, is not; `so` is what follows. */
export function withoutEffect(
  config: Config,
  keys: readonly OptionalKey[],
  missing: string,
  so: string,
  at: At,
): Finding[] {
  return keys
    .filter(([field]) => config[field] !== null)
    .map(([, key]) => at([key], 'warning', `${key} has no effect without ${missing}: ${so}`));
}

/** The finding that a key is of no use without another one. */
export function needs(one: string, other: string, at: At): Finding {
  return at([one], 'error', `${one}: expected ${other} beside it, found none`);
}

/** A certificate and its private key, by their keys. */
export interface CertificateKeys {
  readonly cert: readonly [path: string | null, key: string];
  readonly certKey: readonly [path: string | null, key: string];
}

/** Each needs the other. */
export function certificateFindings({ cert, certKey }: CertificateKeys, at: At): Finding[] {
  if ((cert[0] === null) === (certKey[0] === null)) return [];
  return [cert[0] === null ? needs(certKey[1], cert[1], at) : needs(cert[1], certKey[1], at)];
}

/** The address of an engine, and what it says. */
export interface EngineUrl {
  readonly key: string;
  readonly text: string;
  /** The schemes with TLS and without, such as `https:` and `http:`. */
  readonly secure: string;
  readonly open: string;
  readonly hasCertificates: boolean;
  /** What others can do on the way. */
  readonly risk: string;
}

/** An address without TLS: an error beside certificates, a warning unless it stays on this host. */
export function openFindings(
  { key, text, secure, open, hasCertificates, risk }: EngineUrl,
  at: At,
): Finding[] {
  const { protocol, hostname } = new URL(text);
  if (protocol !== open) return [];
  if (hasCertificates)
    return [at([key], 'error', `${key}: expected ${secure} beside certificates, found ${open}`)];
  return isLoopbackName(hostname) ? [] : [at([key], 'warning', `${key}: with ${open} ${risk}`)];
}
