import { type CommandResult, runCommand } from '../commands/shell.ts';
import type { Config, NotifyFormat } from '../config/config.ts';
import { readSecret } from '../files/secret-file.ts';
import { postOf } from './formats.ts';
import type { Message } from './message.ts';
import { failed, type Outcome } from './outcome.ts';
import { post, preparePost, type Receiver, shownAddress } from './post.ts';

/** The keys of the configuration that notifications depend on. */
export type NotifyConfig = Pick<
  Config,
  'notifyCommand' | 'notifyUrl' | 'notifyUrlFile' | 'notifyFormat' | 'notifyTokenFile' | 'actionTimeout'
>;

/** What a delivery is told. */
export interface DeliveryOptions {
  readonly signal: AbortSignal;
  /** ms since the epoch by the wall clock. */
  readonly now: number;
  readonly version: string;
}

/** A way to tell somebody: the command or the address. */
export interface Channel {
  readonly name: 'command' | 'url';
  /** What belongs to it in the configuration; two channels with the same one do the same. */
  readonly key: string;
  /** Where it leads, without secrets; read anew each time, because a file may have another address now. */
  readonly to: () => string;
  /** `json` for the command. */
  readonly format: NotifyFormat;
  /** Loads what a delivery needs. Never rejects. */
  prepare(): Promise<void>;
  /** Never rejects. */
  deliver(message: Message, options: DeliveryOptions): Promise<Outcome>;
}

/** The channels of a configuration; none if it notifies nobody. */
export function channelsOf(config: NotifyConfig): Channel[] {
  const { notifyCommand, notifyUrl, notifyUrlFile } = config;
  return [
    ...(notifyCommand === null ? [] : [commandChannel(notifyCommand, config)]),
    ...(notifyUrl === null && notifyUrlFile === null ? [] : [urlChannel(config)]),
  ];
}

/** The command reads the message as one line of JSON, and gets nothing of it as an argument. */
function commandChannel(command: string, { actionTimeout }: NotifyConfig): Channel {
  return {
    name: 'command',
    key: JSON.stringify([command, actionTimeout]),
    to: () => 'NOTIFY_COMMAND',
    format: 'json',
    async prepare() {},
    async deliver({ fields }, { signal }) {
      const input = `${JSON.stringify(fields)}\n`;
      return outcomeOf(await runCommand(command, { timeoutMs: actionTimeout, signal, input }));
    },
  };
}

function outcomeOf({ failure, output }: CommandResult): Outcome {
  if (failure !== null) return failed(failure);
  const said = output.trim() === '' ? '' : `, ${output.length} characters of output`;
  return { isDelivered: true, answer: `exit status 0${said}`, retryAfterMs: null };
}

/** Files with secrets are read at each delivery: a token that is renewed needs no reload. */
function urlChannel(config: NotifyConfig): Channel {
  const { notifyFormat: format, notifyUrl, notifyUrlFile, notifyTokenFile } = config;
  return {
    name: 'url',
    key: JSON.stringify([notifyUrl, notifyUrlFile, format, notifyTokenFile]),
    to: () => {
      const address = addressOf(config);
      return 'url' in address ? shownAddress(address.url) : `the address in ${notifyUrlFile}`;
    },
    format,
    async prepare() {
      const address = addressOf(config);
      if ('url' in address) await preparePost(address.url);
    },
    async deliver(message, options) {
      const receiver = receiverOf(config);
      return 'trouble' in receiver
        ? failed(receiver.trouble)
        : post(receiver, postOf(message, format), options);
    },
  };
}

/** Why the files with secrets cannot be used; null when they can, or there are none. Reads them. */
export function secretsTrouble(config: NotifyConfig): string | null {
  if (config.notifyUrl === null && config.notifyUrlFile === null) return null;
  const receiver = receiverOf(config);
  return 'trouble' in receiver ? receiver.trouble : null;
}

/** The Apprise API says so when it knows no receiver for the key in the address. */
const REFUSES: ReadonlySet<number> = new Set([204]);

function receiverOf(config: NotifyConfig): Receiver | { readonly trouble: string } {
  const { notifyTokenFile, notifyFormat } = config;
  const address = addressOf(config);
  if ('trouble' in address) return address;
  const { url } = address;
  const refuses = notifyFormat === 'apprise' ? { refuses: REFUSES } : {};
  if (notifyTokenFile === null) return { url, authorization: null, ...refuses };
  const read = readSecret(notifyTokenFile);
  if ('trouble' in read) return read;
  // `Basic dXNlcjpwYXNz` and the like name their scheme themselves.
  const authorization = read.secret.includes(' ') ? read.secret : `Bearer ${read.secret}`;
  return { url, authorization, ...refuses };
}

function addressOf({
  notifyUrl,
  notifyUrlFile,
}: NotifyConfig): { readonly url: URL } | { readonly trouble: string } {
  if (notifyUrlFile === null) return { url: new URL(notifyUrl as string) };
  const read = readSecret(notifyUrlFile);
  if ('trouble' in read) return read;
  const url = URL.canParse(read.secret) ? new URL(read.secret) : null;
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return { url };
  return {
    trouble: `${notifyUrlFile}: expected an address that begins with https:// or http://, found something else`,
  };
}
