import { readFileSync } from 'node:fs';
import type { SensorAccount } from './child-plan.ts';

/** The user that the packages and `portsentry setup` make for the sensor alone. */
export const SENSOR_USER = '_portsentry';

/** The user of every Linux that owns nothing. Other programs run as it too, and may stop or trace its processes. */
const NOBODY: SensorAccount = { name: 'nobody', uid: 65_534, gid: 65_534 };

/** Whom the sensor gives up root for: its own user where the package has made one, else nobody. */
export function sensorAccount(passwd = readPasswd()): SensorAccount {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    // A user with an id of root's would give up nothing.
    if (name === SENSOR_USER && isId(uid) && isId(gid)) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return NOBODY;
}

/** The packages make a local user, so that no directory service is asked when a sensor starts. */
function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text);
}
