import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../commands/is-alive.ts';
import { Query } from '../commands/query.ts';
import { runTool } from '../commands/tool.ts';
import type { Prefix } from '../net/prefix.ts';
import { type Gateway, parseNextHops, readGateways } from '../watch/lifelines/gateways.ts';
import type { Lifeline } from '../watch/lifelines/lifeline.ts';
import { readResolvers } from '../watch/lifelines/resolvers.ts';
import { readSshdSettings } from '../watch/lifelines/ssh-ports.ts';
import { runningTimeDaemons, type TimeDaemon, timeServersOf } from '../watch/lifelines/time-servers.ts';
import { type LifelinePaths, type Lifelines, OF_THIS_HOST } from '../watch/lifelines.ts';
import { accountsWithoutLogin } from '../watch/sessions/accounts.ts';
import { readLogind } from '../watch/sessions/logind.ts';
import { OldConnections, runsAsConfigured } from '../watch/sessions/old-connections.ts';
import type { Session } from '../watch/sessions/session.ts';
import { readSshSockets } from '../watch/sessions/ssh-processes.ts';
import { readUtmp, type UtmpSession } from '../watch/sessions/utmp.ts';
import { type Accepted, isAbout, TcpPeers } from '../watch/tcp-peers.ts';

/** A time daemon that does not answer must not delay a block for longer. */
const TIME_DAEMON_TIMEOUT_MS = 500;

/**
 * In a flood, looks may take a fifth of the time of this process: after one that kept it busy for 1 ms the next waits 4.
 * Meanwhile those who ask for a look share the next one.
 */
const REST_PER_LOOK = 4;

/** All sessions that are named; beyond it new ones are not spared. */
const MAX_SESSIONS = 4_096;

const IP = {
  tool: { command: 'ip', package: 'iproute2', needs: [] },
  // One line for each route, numbers instead of names, and on after an error: an old ip(8) has no `nexthop`.
  args: ['-o', '-N', '-force', '-batch', '-'],
  question: 'route show table all type unicast\nnexthop show\nlink show dev lo\n',
  // The loopback device is the first of each network namespace. No route begins like that.
  end: /^1: lo: .*\n/m,
} as const;

/** What a lookup works with. */
export interface HostLookupParts {
  /** The monotonic clock, ms. */
  readonly now: () => number;
  readonly paths?: LifelinePaths;
}

/** What a look is about, and how fresh the list of time servers must be. */
export interface Question {
  /** Limits the costly part to the sessions of one network; null for those of everybody. */
  readonly about: Prefix | null;
  /**
   * Asks the time daemons now, which takes a new process for each. Without it the list is that of the last such look:
   * good enough for a block that can be taken back.
   */
  readonly asksTimeDaemons: boolean;
}

interface Turn {
  readonly questions: Question[];
  readonly found: Promise<Lifelines>;
}

/**
 * Looks up whom this host depends on, now: the next hops of its routes, its resolvers and time servers, the sessions of
 * its administrators, and the peers of its own connections. Every look begins after it was asked for, so what was true
 * before a packet came is seen before the block that the packet leads to.
 */
export class HostLookup {
  /** Why the routes could not be looked up as they should; null when they could. */
  routeTrouble: string | null = null;
  readonly #parts: HostLookupParts;
  readonly #paths: LifelinePaths;
  readonly #peers: TcpPeers;
  readonly #old = new OldConnections({ isRunning: () => runsAsConfigured(isAlive) });
  readonly #ip = new Query(IP);
  #running: Promise<Lifelines> | null = null;
  #next: Turn | null = null;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #timeServers: readonly Lifeline[] = [];
  /** The sessions that processes showed, of all addresses. */
  #sshSessions: readonly Session[] = [];

  constructor(parts: HostLookupParts) {
    this.#parts = parts;
    this.#paths = parts.paths ?? OF_THIS_HOST;
    this.#peers = new TcpPeers(this.#paths.procNet);
  }

  /** Looks now. Never rejects. */
  look(question: Question): Promise<Lifelines> {
    if (this.#next !== null) {
      this.#next.questions.push(question);
      return this.#next.found;
    }
    if (this.#running === null) return this.#begin([question]);
    const questions = [question];
    const found = this.#running.then(async () => {
      const wait = this.#nextAtMs - this.#parts.now();
      if (wait > 0) await delay(Math.ceil(wait));
      this.#next = null;
      return this.#begin(questions);
    });
    this.#next = { questions, found };
    return found;
  }

  /** Ends its processes. */
  close(): Promise<void> {
    return this.#ip.close();
  }

  #begin(questions: readonly Question[]): Promise<Lifelines> {
    const networks = questions.flatMap(({ about }) => about ?? []);
    const about = networks.length < questions.length ? null : networks;
    const asks = questions.some(({ asksTimeDaemons }) => asksTimeDaemons);
    const running = this.#look(about, asks).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #look(about: readonly Prefix[] | null, asksTimeDaemons: boolean): Promise<Lifelines> {
    const { now } = this.#parts;
    const routes = this.#gateways();
    const asked = asksTimeDaemons ? askTimeDaemons() : null;
    const begun = now();
    const { accepted, opened } = this.#peers.look(about ?? []);
    const sessions = this.#sessions(accepted, about);
    const resolvers = readResolvers(this.#paths.resolvers);
    this.#nextAtMs = now() + (now() - begun) * REST_PER_LOOK;
    if (asked !== null) this.#timeServers = await asked;
    return { gateways: await routes, resolvers, timeServers: this.#timeServers, sessions, opened };
  }

  async #gateways(): Promise<Gateway[]> {
    const answer = await this.#ip.ask();
    if ('text' in answer) {
      this.routeTrouble = null;
      return parseNextHops(answer.text);
    }
    this.routeTrouble = answer.failure;
    return readGateways(this.#paths.procNet);
  }

  #sessions(accepted: readonly Accepted[], about: readonly Prefix[] | null): Session[] {
    const { utmp, logind } = this.#paths;
    const recorded = [
      ...this.#loginsOf(readUtmp(utmp)).map((session) => ({ ...session, by: 'utmp' })),
      ...readLogind(logind).map((session) => ({ ...session, by: 'logind' })),
    ].filter(({ pid }) => isAlive(pid));
    return eachOnce([...this.#lookAtProcesses(accepted, about), ...recorded, ...this.#oldSessions(accepted)]);
  }

  /** A service that was broken into may write a record of its accomplice's address, but nobody logs in to its account. */
  #loginsOf(recorded: readonly UtmpSession[]): readonly UtmpSession[] {
    if (recorded.length === 0) return [];
    const withoutLogin = accountsWithoutLogin(this.#paths.passwd);
    return recorded.filter(({ user }) => !withoutLogin.has(user));
  }

  /** Looks at the processes only if a source in question has a connection that one of them may serve. */
  #lookAtProcesses(accepted: readonly Accepted[], about: readonly Prefix[] | null): readonly Session[] {
    const isAsked = ({ peer }: Pick<Accepted, 'peer'>) => about === null || isAbout(peer, about);
    const candidates = accepted.filter((connection) => connection.inode !== 0 && isAsked(connection));
    const others = this.#sshSessions.filter(({ address }) => !isAsked({ peer: address }));
    if (candidates.length === 0) {
      this.#sshSessions = others;
      return others;
    }
    const { sessions } = readSshSockets(this.#paths.proc, this.#paths.passwd);
    const found = candidates.flatMap(({ peer, inode, listener }) => {
      const by = sessions.get(inode);
      // A stranger at a port that a session forwards to its user (ssh -R) has not logged in.
      const isForwarded = listener.inodes.some((listening) => sessions.has(listening));
      return by === undefined || isForwarded ? [] : [{ address: peer, by }];
    });
    this.#sshSessions = eachOnce([...found, ...others]);
    return this.#sshSessions;
  }

  #oldSessions(accepted: readonly Accepted[]): Session[] {
    const old = this.#old.look(accepted, readSshdSettings(this.#paths.ssh), this.#parts.now());
    return old.map(({ peer }) => ({ address: peer, by: 'LoginGraceTime' }));
  }
}

async function askTimeDaemons(): Promise<Lifeline[]> {
  const outputs = await Promise.all(
    runningTimeDaemons().map(async (daemon): Promise<[TimeDaemon, string]> => {
      const { command, args, package: from } = daemon;
      const tool = { command, package: from, needs: [] };
      const { stdout } = await runTool(tool, args, { timeoutMs: TIME_DAEMON_TIMEOUT_MS });
      return [daemon, stdout];
    }),
  );
  return timeServersOf(outputs);
}

function eachOnce(sessions: readonly Session[]): Session[] {
  const found = new Map<string, Session>();
  for (const session of sessions) {
    const key = session.address.toString();
    if (found.size < MAX_SESSIONS && !found.has(key)) found.set(key, session);
  }
  return [...found.values()];
}
