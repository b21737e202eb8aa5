import type { HealthCheck, ShareStatus } from '../control/status.ts';
import { counted } from '../record/counted.ts';

/** How the exchange with an engine is doing, for `doctor`; no line when nothing is shared. */
export function shareHealth(status: ShareStatus | null): HealthCheck[] {
  if (status === null) return [];
  const { engine, push, pull } = status;
  const name = 'share';
  const troubles = [
    ...(push?.trouble ? [`${engine} is not told of sources: ${push.trouble}; ${push.waiting} wait`] : []),
    ...(pull?.trouble ? [`${engine} gives no decisions: ${pull.trouble}`] : []),
  ];
  if (troubles.length > 0) {
    const message = `${troubles.join('; ')}; blocks of this host do not depend on it; try portsentry share --test`;
    return [{ name, result: 'warn', message }];
  }
  const told = push === null ? [] : [`${counted(push.pushed, 'source')} told, ${push.waiting} waiting`];
  const heard = pull === null ? [] : [`${counted(pull.decisions, 'decision')} heard`];
  return [{ name, result: 'ok', message: `${engine}: ${[...told, ...heard].join(', ')}` }];
}
