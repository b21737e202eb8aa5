import type { RunOptions } from '../preflight/run-options.ts';
import type { Shell } from './completion.ts';

/** What the command line asks for. */
export type Invocation =
  | ({ readonly command: 'run' } & RunOptions)
  | ({ readonly command: 'replay' } & ReplayOptions)
  | { readonly command: 'check'; readonly configfile: string | undefined }
  | ({ readonly command: 'status' | 'list' | 'doctor' } & QuestionOptions)
  | ({ readonly command: 'why' } & WhyOptions)
  | ({ readonly command: 'block' } & BlockOptions)
  | ({ readonly command: 'unblock' } & UnblockOptions)
  | { readonly command: 'completion'; readonly shell: Shell | undefined }
  /** Help or version: the text is all there is to do. */
  | { readonly command: 'print'; readonly text: string };

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly configfile: string | undefined;
  readonly mode: readonly string[];
  readonly home: string | undefined;
  readonly open: string | undefined;
  readonly inferOpen: boolean;
  readonly checksum: boolean;
  readonly format: 'text' | 'json' | 'none';
  readonly summary: boolean;
  readonly act: boolean;
}

/** What the commands take that ask the running daemon. */
export interface QuestionOptions {
  readonly configfile: string | undefined;
  readonly json: boolean;
}

export interface WhyOptions extends QuestionOptions {
  readonly address: string;
}

export interface BlockOptions {
  readonly configfile: string | undefined;
  readonly target: string;
  /** As said by --for. */
  readonly time: string | undefined;
  readonly why: string | undefined;
}

export interface UnblockOptions {
  readonly configfile: string | undefined;
  /** Exactly one of `target` and `all`. */
  readonly target: string | undefined;
  readonly all: boolean;
}
