import type { Config } from '../../config/config.ts';
import type { Backend } from './backend.ts';
import { CommandBackend } from './command.ts';
import { NullBackend } from './null.ts';

/** The back end that carries out the `route` step of `planActions`. */
export function chooseBackend(config: Config): Backend {
  return config.blockMethod === 'null' ? new NullBackend() : new CommandBackend(config);
}
