import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** What a certificate says, beside its name. */
export interface CertificateOptions {
  /** Organizational units, which CrowdSec takes for roles. */
  readonly units?: readonly string[];
  /** Addresses and names of a server, such as `IP:127.0.0.1`. */
  readonly altNames?: string;
  /** Negative for a certificate that has expired. */
  readonly days?: number;
}

/** An authority in a folder; its certificate is `NAME.pem` there. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name = 'ca') {
    this.#folder = folder;
    this.#name = name;
    const { cert, key } = this.#paths(name);
    openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-days', '7', '-subj', `/CN=${name}`);
  }

  /** Makes `NAME.pem` and `NAME.key`. */
  sign(name: string, { units = [], altNames = '', days = 7 }: CertificateOptions = {}): void {
    const { cert, key, request } = this.#paths(name);
    const authority = this.#paths(this.#name);
    const subject = `${units.map((unit) => `/OU=${unit}`).join('')}/CN=${name}`;
    const names = altNames === '' ? [] : ['-addext', `subjectAltName=${altNames}`];
    openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', subject, ...names);
    const signed = ['-CA', authority.cert, '-CAkey', authority.key, '-days', String(days)];
    openssl('x509', '-req', '-in', request, ...signed, '-copy_extensions', 'copy', '-out', cert);
  }

  #paths(name: string) {
    const path = join(this.#folder, name);
    return { cert: `${path}.pem`, key: `${path}.key`, request: `${path}.csr` };
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
