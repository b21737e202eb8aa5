import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { NotifyConfig } from '../../src/notify/channel.ts';
import type { Notice } from '../../src/notify/notice.ts';
import { scanNotice } from '../../src/notify/notices.ts';
import type { ScanEvent } from '../../src/track/event.ts';
import { NOON, scanEvent } from '../record/given.ts';

/** A configuration that notifies nobody, except for these settings. */
export function notifyConfig(settings: Partial<NotifyConfig> = {}): NotifyConfig {
  return {
    notifyCommand: null,
    notifyUrl: null,
    notifyUrlFile: null,
    notifyFormat: 'json',
    notifyTokenFile: null,
    actionTimeout: 10_000,
    ...settings,
  };
}

/** The notice of a scan. */
export function scan(fields: Partial<ScanEvent> = {}): Notice {
  return scanNotice(scanEvent(fields));
}

/** Another notice, with a text of its own. */
export function notice(fields: Partial<Notice> = {}): Notice {
  return { kind: 'scan', time: NOON, text: () => 'a text', event: () => ({}), weight: 1, ...fields };
}

/** A request that a receiver got. */
export interface Got {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real receiver on loopback. `answer` gets the response of each request after its body has arrived. */
export async function receiver(
  answer: (response: ServerResponse, got: Got) => void = (response) => response.end('ok'),
  make: (listener: (request: IncomingMessage, response: ServerResponse) => void) => Server = createServer,
) {
  const got: Got[] = [];
  const server = make((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const each = { url: request.url ?? '', headers: request.headers, body };
      got.push(each);
      answer(response, each);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { got, server, port: (server.address() as AddressInfo).port };
}
