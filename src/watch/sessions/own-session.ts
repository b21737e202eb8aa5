import { parseAddress } from '../../net/address.ts';
import type { LifelinePaths } from '../lifelines.ts';
import { readRecord } from '../proc-net.ts';
import { TcpPeers } from '../tcp-peers.ts';
import { readLogind } from './logind.ts';
import { socketsOf } from './ssh-processes.ts';
import { readUtmp } from './utmp.ts';

/** As many as an order may have. */
const MAX_ADDRESSES = 8;

/** No process has more ancestors than this in practice. */
const MAX_ANCESTORS = 64;

/**
 * The addresses that the session of a process comes from, as text: those of the SSH connections, sessions of logind and
 * entries of utmp of its ancestors, and that of SSH_CONNECTION, which sudo takes away and tmux keeps.
 */
export function ownSession(pid: number, sshConnection: string | undefined, paths: LifelinePaths): string[] {
  const ancestors = ancestorsOf(pid, paths.proc);
  const isOurs = (session: { readonly pid: number }) => ancestors.has(session.pid);
  const servers = [...ancestors].filter((ancestor) => {
    return /^(sshd|dropbear)/.test(readRecord(`${paths.proc}/${ancestor}/comm`));
  });
  const socketsOfEach = servers.map((server) => new Set(socketsOf(`${paths.proc}/${server}/fd`)));
  const connected = new TcpPeers(paths.procNet).look([]).accepted.filter(({ inode, listener }) => {
    // Strangers may be connected to a port that the session listens on (ssh -R).
    return socketsOfEach.some(
      (sockets) => sockets.has(inode) && !listener.inodes.some((listening) => sockets.has(listening)),
    );
  });
  const named = parseAddress(sshConnection?.split(' ', 1)[0]?.replace(/%.*$/, '') ?? '');
  return [
    ...new Set([
      ...(named === null ? [] : [named.toString()]),
      ...connected.map(({ peer }) => peer.toString()),
      ...[...readUtmp(paths.utmp), ...readLogind(paths.logind)]
        .filter(isOurs)
        .map(({ address }) => address.toString()),
    ]),
  ].slice(0, MAX_ADDRESSES);
}

/** The process and its ancestors. */
function ancestorsOf(pid: number, proc: string): Set<number> {
  const found = new Set<number>();
  for (let next = pid; next > 0 && found.size < MAX_ANCESTORS; ) {
    found.add(next);
    next = Number(/^PPid:\s*(\d+)/m.exec(readRecord(`${proc}/${next}/status`))?.[1] ?? 0);
  }
  return found;
}
