import type { BlockEvent, UnblockEvent } from '../respond/event.ts';
import type { ScanEvent } from '../track/event.ts';
import { type Channel, channelsOf, type NotifyConfig } from './channel.ts';
import { Group } from './group.ts';
import { messageOf } from './message.ts';
import { deservesNotice, type Notice } from './notice.ts';
import { failedBlockNotice, lostBlockNotice, ownNotice, scanNotice } from './notices.ts';
import { Sender, type SenderParts, type SenderState } from './sender.ts';

/** What a notifier works with. */
export type NotifierParts = Omit<SenderParts, 'channel'>;

/** How one channel is doing. */
export interface ChannelState extends SenderState {
  readonly channel: Channel;
}

/** How a test message went. */
export interface TestResult {
  readonly channel: 'command' | 'url';
  /** Where it was sent, without secrets. */
  readonly to: string;
  readonly format: string;
  /** The first line of the message. */
  readonly title: string;
  readonly delivered: boolean;
  readonly answer: string;
  readonly tookMs: number;
}

/** Tells somebody what matters, through the channels of the configuration. It never delays what it tells of. */
export class Notifier {
  readonly #parts: NotifierParts;
  #senders: readonly Sender[] = [];
  #wasOpen = false;
  #testing = false;

  constructor(parts: NotifierParts, config: NotifyConfig) {
    this.#parts = parts;
    this.configure(config);
  }

  /** False when the configuration names nobody to tell. */
  get isUsed(): boolean {
    return this.#senders.length > 0;
  }

  get channels(): readonly ChannelState[] {
    return this.#senders.map(({ channel, state }) => ({ channel, ...state }));
  }

  /** Goes over to another configuration. A channel that stays keeps what waits in it. */
  configure(config: NotifyConfig): void {
    const before = this.#senders;
    this.#senders = channelsOf(config).map((channel) => {
      const sender = before.find((each) => each.channel.name === channel.name);
      sender?.configure(channel);
      return sender ?? new Sender({ ...this.#parts, channel });
    });
    void this.prepared();
    for (const sender of before) if (!this.#senders.includes(sender)) void sender.close(0);
  }

  /** Resolves when all that deliveries need is loaded. */
  async prepared(): Promise<void> {
    await Promise.all(this.#senders.map(({ channel }) => channel.prepare()));
  }

  /** The end of a scan. */
  scan(event: ScanEvent): void {
    if (this.isUsed && deservesNotice(event)) this.#add(scanNotice(event));
  }

  /** The actions against a source have ended; only a failure is told. */
  block(event: BlockEvent): void {
    if (event.action === 'block-failed') this.#add(failedBlockNotice(event));
  }

  /** A block has ended; only that it could not be put in force is told. */
  unblock(event: UnblockEvent): void {
    if (event.how === 'failed') this.#add(lostBlockNotice(event));
  }

  /** The daemon listens, or ends. */
  daemon(kind: 'start' | 'stop', text: string): void {
    this.#add(ownNotice(kind, this.#wallNow(), text));
  }

  /** Call every second; `isOpen` is whether the breaker is. */
  tick(isOpen: boolean): void {
    if (isOpen !== this.#wasOpen) {
      this.#wasOpen = isOpen;
      this.#add(ownNotice('breaker', this.#wallNow(), isOpen ? FLOOD : FLOOD_IS_OVER));
    }
    for (const sender of this.#senders) sender.tick();
  }

  /** Sends a test message through each channel, whatever waits; null while another test is under way. */
  async test(): Promise<readonly TestResult[] | null> {
    if (this.#testing) return null;
    this.#testing = true;
    try {
      return await Promise.all(this.#senders.map((sender) => this.#try(sender)));
    } finally {
      this.#testing = false;
    }
  }

  /** Sends what waits, and ends; takes `timeMs` at most, and no time if nobody is told. */
  async close(timeMs: number): Promise<void> {
    await Promise.all(this.#senders.map((sender) => sender.close(timeMs)));
  }

  async #try(sender: Sender): Promise<TestResult> {
    const { origin, now } = this.#parts;
    const { channel } = sender;
    const group = new Group();
    group.add(ownNotice('test', this.#wallNow(), TEST));
    const begunMs = now();
    const message = messageOf(group.take(), origin);
    const { isDelivered, answer } = await sender.try(message);
    const tookMs = now() - begunMs;
    const where = { channel: channel.name, to: channel.to(), format: channel.format };
    return { ...where, title: message.title, delivered: isDelivered, answer, tookMs };
  }

  #add(notice: Notice): void {
    for (const sender of this.#senders) sender.add(notice);
  }

  #wallNow(): number {
    return this.#parts.toWall(this.#parts.now());
  }
}

/** What a test message says. */
const TEST = 'This is a test of portsentry notify --test: notifications arrive.';

const FLOOD =
  'More new sources than BLOCK_RATE_MAX were to be blocked within a minute: they look forged. ' +
  'Those of a single probe are only logged until fewer come.';
const FLOOD_IS_OVER = 'Few new sources come now: those of a single probe are blocked again.';
