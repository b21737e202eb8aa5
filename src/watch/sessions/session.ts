import type { Address } from '../../net/address.ts';

/** A session of an administrator who has logged in from another host. */
export interface Session {
  readonly address: Address;
  /** What shows that the session is there: `sshd`, `dropbear`, `utmp`, `logind` or `LoginGraceTime`. */
  readonly by: string;
}
