import { fileURLToPath } from 'node:url';
import { writeFile } from './detector.ts';
import type { Lab } from './lab.ts';

/** How a receiver answers. */
export type ReceiverMode = 'ok' | '401' | '404' | '429' | '500' | 'reset' | 'hang';

/** A notification as it arrived. */
export interface Received {
  /** ms since the epoch. */
  readonly time: number;
  readonly mode: ReceiverMode;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where the receiver of the victim reads how to answer. */
const MODE_FILE = '/run/receiver-mode';

const KEY_FILE = '/etc/receiver.key';
const CERTIFICATE_FILE = '/etc/receiver.pem';

/** Starts a real receiver on the victim's loopback; with `isSecure` one whose certificate is only its own. */
export async function startReceiver(lab: Lab, port: number, isSecure = false) {
  const secure = isSecure ? [KEY_FILE, CERTIFICATE_FILE] : [];
  if (isSecure) await makeCertificate(lab);
  const script = fileURLToPath(new URL('receiver.mjs', import.meta.url));
  const receiver = await lab.start(lab.victim, [
    process.execPath,
    script,
    String(port),
    MODE_FILE,
    ...secure,
  ]);
  await receiver.waitForLine(/^listening$/);
  return {
    answers: (mode: ReceiverMode) => writeFile(lab.victim, MODE_FILE, mode),
    received: () =>
      receiver
        .lines()
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Received),
    stop: async () => {
      receiver.signal('SIGKILL');
      await receiver.ended;
    },
  };
}

/** Makes the host trust the receiver's certificate, as an administrator does with update-ca-certificates(8). */
export async function trustReceiver(lab: Lab): Promise<void> {
  const script = `cat ${CERTIFICATE_FILE} >> /etc/ssl/certs/ca-certificates.crt`;
  await lab.run(lab.victim, ['sh', '-c', script]);
}

async function makeCertificate(lab: Lab): Promise<void> {
  const { code, stderr } = await lab.run(lab.victim, [
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', KEY_FILE, '-out', CERTIFICATE_FILE, '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  ]);
  if (code !== 0) throw new Error(stderr);
}
