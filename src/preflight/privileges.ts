import { type Capability, missingCapabilities } from '../capture/capabilities.ts';

/** What opening a packet socket needs. */
export const TO_CAPTURE: readonly Capability[] = ['CAP_NET_RAW'];

/** What it takes to give files to another user, become that user, and drop capabilities. */
export const TO_HAND_OVER: readonly Capability[] = ['CAP_CHOWN', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP'];

/** Whether this process may open a packet socket. */
export function mayCapture(): boolean {
  return missingCapabilities(TO_CAPTURE).length === 0;
}
