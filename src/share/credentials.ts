import { X509Certificate } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import { readRegular } from '../files/read-regular.ts';
import { readPrivate, readSecret } from '../files/secret-file.ts';
import { reasonOf } from '../ledger/log-file.ts';
import { EngineError } from './engine.ts';

/** A chain of certificates takes a few thousand octets. */
const MAX_CERTIFICATE_BYTES = 262_144;

/** The files by which this host proves who it is, and knows the engine; null for each that is not set. */
export interface CredentialFiles {
  readonly password: string | null;
  /** The API key of a bouncer. */
  readonly apiKey: string | null;
  readonly cert: string | null;
  readonly certKey: string | null;
  readonly ca: string | null;
}

/** The secret in a file. Throws an EngineError when it cannot be used. */
export function secretIn(path: string): string {
  const read = readSecret(path);
  if ('trouble' in read) throw new EngineError(read.trouble, 'undone');
  return read.secret;
}

/** Reads the files anew when they have changed, so that a renewed certificate needs no restart. */
export class Credentials {
  readonly files: CredentialFiles;
  #context: { readonly stamp: string; readonly secureContext: SecureContext } | null = null;

  constructor(files: CredentialFiles) {
    this.files = files;
  }

  /** What a TLS connection needs; `now` in ms since the epoch. Rejects with an EngineError. */
  async secureContext(now: number): Promise<SecureContext> {
    const { createSecureContext } = await import('node:tls');
    const { cert, certKey, ca } = this.files;
    const stamp = [cert, certKey, ca].map(stampOf).join(' ');
    if (this.#context?.stamp === stamp) return this.#context.secureContext;
    const certificate = cert === null ? null : readPem(cert);
    if (cert !== null && certificate !== null) refuseExpired(cert, certificate, now);
    try {
      const secureContext = createSecureContext({
        ...(certificate === null ? {} : { cert: certificate }),
        ...(certKey === null ? {} : { key: readKey(certKey) }),
        ...(ca === null ? {} : { ca: readPem(ca) }),
      });
      this.#context = { stamp, secureContext };
      return secureContext;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError(
        `${cert ?? ca ?? ''}: certificate and key do not fit: ${(error as NodeJS.ErrnoException).code ?? 'not in PEM'}`,
        'undone',
      );
    }
  }
}

/** Says before the engine does that the certificate is over: its refusal does not name the reason. */
function refuseExpired(path: string, text: string, now: number): void {
  let end: number;
  try {
    end = Date.parse(new X509Certificate(text).validTo);
  } catch {
    throw new EngineError(`${path}: expected a certificate in PEM`, 'undone');
  }
  if (end <= now)
    throw new EngineError(`${path}: the certificate has expired on ${new Date(end).toISOString()}`, 'undone');
}

function readPem(path: string): string {
  try {
    return readRegular(path, MAX_CERTIFICATE_BYTES).toString('latin1');
  } catch (error) {
    throw new EngineError(`${path}: ${reasonOf(error)}`, 'undone');
  }
}

/** A private key has several lines, and is as secret as a password. */
function readKey(path: string): string {
  const read = readPrivate(path, MAX_CERTIFICATE_BYTES);
  if ('trouble' in read) throw new EngineError(read.trouble, 'undone');
  return read.bytes.toString('latin1');
}

function stampOf(path: string | null): string {
  if (path === null) return '-';
  const stat: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}
