import type { KindName } from '../classify/kind.ts';
import type { ToolName } from '../classify/tool.ts';
import type { ModeName } from '../config/config.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import type { Transport } from '../net/protocol.ts';
import type { Undo } from '../respond/block-state.ts';
import type { Evidence } from '../track/evidence.ts';
import type { ListMatch } from './lists.ts';

/** The daemon's state, as the control socket carries it. Times are ms since the epoch. */
export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly modes: readonly ModeName[];
  /** The interfaces that are captured from now. */
  readonly interfaces: readonly string[];
  /** The words of --interface or INTERFACES. */
  readonly interfacesAsked: readonly string[];
  readonly startedAt: number;
  /** In seconds. */
  readonly uptime: number;
  /** null when the built-in defaults are in force. */
  readonly configFile: string | null;
  readonly frames: number;
  /** Frames that a second interface captured too. */
  readonly duplicates: number;
  readonly probes: number;
  /** Frames that were not decoded, by reason. */
  readonly undecoded: Readonly<Record<string, number>>;
  readonly sensor: SensorStatus;
  /** The services whose ports are no scanner's, because one listens or listened there within the last seven days. */
  readonly knownServices: readonly KnownServiceInfo[];
  /** Tracked sources. */
  readonly sources: number;
  /** Of the blocks that are `due`, those in force, and those of which nothing can say it. */
  readonly blocks: { readonly inForce: number; readonly unknown: number; readonly due: number };
  /** How new blocks are made; `none` blocks nobody. `how` says why it is this method, as in `set by BLOCK_METHOD`. */
  readonly method: { readonly name: LedgerMethod; readonly how: string };
  readonly dryRun: boolean;
  readonly queue: { readonly running: number; readonly queued: number };
  /** `open`: a minute brought more than `threshold` new blocks, so a source of a single probe is only logged. */
  readonly breaker: { readonly open: boolean; readonly threshold: number };
  /** The ways in which somebody is notified; none when nobody is. */
  readonly notifications: readonly NotifyChannelStatus[];
  /** What is shared with other hosts; null when no engine is configured. */
  readonly share: ShareStatus | null;
  /** The resident set, in octets. */
  readonly memory: number;
  /** A watched port that no service uses, which a trial probe may go to; null when there is none. */
  readonly probePort: { readonly transport: Transport; readonly port: number } | null;
  /** A TCP port on which a service of this host listens at every address; null when there is none. */
  readonly servicePort: number | null;
}

/** How the exchange with an engine is doing. Times are ms since the epoch; null for never. */
export interface ShareStatus {
  /** What the engine is and where, as in `CrowdSec at https://lapi.example:8080`. */
  readonly engine: string;
  /** What this host tells it; null when it tells nothing. */
  readonly push: SharePush | null;
  /** What it tells this host; null when it is not asked. */
  readonly pull: SharePull | null;
}

/** What an engine is told. */
export interface SharePush {
  /** Why it is told nothing now, in one line; null when it is. */
  readonly trouble: string | null;
  readonly last: number | null;
  /** What waits, and what found no room. */
  readonly waiting: number;
  readonly overflowed: number;
  /** Sources that it was told of, those that it did not want, and decisions that were taken back. */
  readonly pushed: number;
  readonly refused: number;
  readonly takenBack: number;
  /** Blocks of this host that ended because somebody ended its decisions there. */
  readonly lifted: number;
}

/** What an engine tells. */
export interface SharePull {
  /** Why it tells nothing now, in one line; null when it does. */
  readonly trouble: string | null;
  readonly last: number | null;
  /** The name of the list that holds its decisions. */
  readonly list: string;
  readonly decisions: number;
  /** Decisions that are not in force here; the log says why. */
  readonly leftOut: number;
}

/** What reports packets to the daemon, and what it holds and loses. */
export interface SensorStatus {
  /** `none`: the modes have sockets of their own. */
  readonly name: 'kernel' | 'packet' | 'none';
  /** One sentence: which sensor watches, and why not the other one. */
  readonly why: string;
  /** null unless the kernel sensor watches. */
  readonly kernel: KernelSensorStatus | null;
  /** The process that reads packets; null where no mode needs one. */
  readonly process: SensorProcessStatus | null;
  /** The coin test; null without CHALLENGE="1", and where it has no effect. */
  readonly challenge: ChallengeStatus | null;
}

/** The sources that may show that they read what this host sends to them. */
export interface ChallengeStatus {
  readonly underTest: number;
  /** Proven within the last day. */
  readonly proven: number;
  /** So many were tested within a day that nobody new begins. */
  readonly isFull: boolean;
}

/** The process that reads packets from the wire, which the main process does not trust. */
export interface SensorProcessStatus {
  /** False while it is gone, or gives no sign of life. */
  readonly isWell: boolean;
  /** The user it gave up root for; null where the daemon is not root. */
  readonly account: string | null;
  /** Protections that this host could not give it. */
  readonly lacks: readonly string[];
  /** How often it ended without being asked to, and was replaced. */
  readonly died: number;
  /** Records that could not be true. */
  readonly refused: number;
  /** Records whose time was too far off. */
  readonly retimed: number;
}

/** The table of the kernel sensor; counts are packets since the start of the daemon. */
export interface KernelSensorStatus {
  /** The kernel lets nobody else change the table, and removes it when the daemon ends. */
  readonly owned: boolean;
  /** The NFLOG group. */
  readonly group: number;
  /** net.core.rmem_max, which bounds the buffer of reports, in octets; null when it cannot be read. */
  readonly maxBufferBytes: number | null;
  /** Whether the process runs that reads the group. */
  readonly isRead: boolean;
  /** Sources that the kernel holds now; null when they cannot be read. */
  readonly held: number | null;
  /** Packets of held sources, which it dropped. */
  readonly heldPackets: number;
  /** Probes whose source found no room among the held ones; they were dropped. */
  readonly shed: number;
  readonly reported: number;
  /** Not reported, because they were too many a second. */
  readonly unreported: number;
  /** Reported, and not read. */
  readonly lost: number;
  /** Whether it hears of packets of blocked sources; some block methods drop them first. */
  readonly hearsBlocked: boolean;
  /** Whether it drops the first probe to an idle port already, by the transport of the mode. */
  readonly silences: { readonly tcp: boolean; readonly udp: boolean };
}

/** How the notifications through one channel are doing. */
export interface NotifyChannelStatus {
  readonly channel: 'command' | 'url';
  /** Where they go, without secrets. */
  readonly to: string;
  /** Messages that were delivered, and attempts that failed, since the start. */
  readonly sent: number;
  readonly failed: number;
  /** Happenings that wait for the next message. */
  readonly waiting: number;
  /** When the last message was delivered, ms since the epoch; null for never. */
  readonly lastSent: number | null;
  /** Why the last attempt failed; null when it did not. */
  readonly failure: string | null;
}

/** How a test message went. */
export interface NotifyTest {
  readonly channel: 'command' | 'url';
  /** Where it was sent, without secrets. */
  readonly to: string;
  /** The form that it had: NOTIFY_FORMAT, or `json` for the command. */
  readonly format: string;
  /** The first line of the message. */
  readonly title: string;
  readonly delivered: boolean;
  /** What the receiver answered, or why there is no answer. */
  readonly answer: string;
  readonly tookMs: number;
}

/** One known service. */
export interface KnownServiceInfo {
  readonly transport: 'tcp' | 'udp';
  /** Canonical text; null for every address of this host. */
  readonly address: string | null;
  readonly port: number;
  /** Ms since the epoch. */
  readonly lastSeen: number;
}

/** One block that is due, as `blockState` sees it. Times are ms since the epoch. */
export interface BlockInfo {
  /** Canonical text of an address or a prefix. */
  readonly target: string;
  readonly since: number;
  /** When it ends by itself; null means never. */
  readonly until: number | null;
  /** How often probes have got it blocked, this time included. */
  readonly times: number;
  readonly method: LedgerMethod;
  /** null when nothing can say it. */
  readonly inForce: boolean | null;
  /** What takes it back; null when nothing here can. */
  readonly undo: Undo;
  readonly mode: ModeName;
  /** `manual`: an administrator ordered it; then `port` and `connects` are 0. */
  readonly kind: KindName | 'manual';
  readonly transport: Transport;
  readonly port: number;
  readonly connects: number;
  /** The administrator's note; null when there is none. */
  readonly note: string | null;
}

/** All that is known of one address. Times are ms since the epoch. */
export interface Why {
  readonly address: string;
  /** The never-block rule that spares it; null when none does. */
  readonly rule: string | null;
  /** What it has done; null when it is not tracked. */
  readonly source: KnownSource | null;
  /** The block that covers it; the target may be a prefix. */
  readonly block: BlockInfo | null;
  /** The members of named lists that cover it. */
  readonly lists: readonly ListMatch[];
  /** What others were told of it, in one sentence; null when nothing is shared, or nothing was said. */
  readonly shared: string | null;
  /** Earlier blocks: how many, when the last one ended and how, as in `it was unblocked by hand`. */
  readonly earlier: { readonly times: number; readonly endedAt: number; readonly how: string } | null;
  /** What will happen next, in plain sentences. */
  readonly next: readonly string[];
}

/** What one source has done so far. Times are ms since the epoch. */
export interface KnownSource {
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly probes: number;
  readonly connects: number;
  /** Distinct ports, and distinct addresses of this host. */
  readonly ports: number;
  readonly targets: number;
  readonly kinds: readonly KindName[];
  /** How easily its probes can be forged. */
  readonly evidence: Evidence;
  /** How far its coin test is: ports that it sent to again, and log2 M; null when none has begun or it is over. */
  readonly challenge: { readonly bets: number; readonly log2: number } | null;
  /** The program that most of its probes look like. */
  readonly tool: ToolName | null;
  /** Other sources sent the same at the same time. */
  readonly decoy: boolean;
}

/** One line of `doctor`: what was checked, the result, and what to do when it is bad. */
export interface HealthCheck {
  readonly name: string;
  /** `skip`: it could not be checked. */
  readonly result: 'ok' | 'warn' | 'fail' | 'skip';
  readonly message: string;
}
