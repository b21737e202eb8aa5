import { LAST_KIND } from '../classify/kind.ts';
import { TOOL_NAMES, type ToolName } from '../classify/tool.ts';
import { MODE_NAMES, type ModeName } from '../config/config.ts';
import { SHAPES, type Shape } from './shape.ts';

/** The place of scans whose tool is not recognized. */
const NO_TOOL = TOOL_NAMES.length;
const TOOL_PLACES = NO_TOOL + 1;

/** How many probes and scans there were since the start, as plain numbers: a flood counts for each probe. */
export class ProbeCounts {
  readonly #probes = new Float64Array((LAST_KIND + 1) * MODE_NAMES.length);
  readonly #scans = new Float64Array(SHAPES.length * TOOL_PLACES);

  /** Counts a probe of a kind. `mode` is `modePlace` of the mode that watches its port. */
  addProbe(kind: number, mode: number): void {
    const place = kind * MODE_NAMES.length + mode;
    this.#probes[place] = (this.#probes[place] as number) + 1;
  }

  /** Counts a scan that is over. */
  addScan(shape: Shape, tool: ToolName | null): void {
    const place = scanPlace(shape, tool);
    this.#scans[place] = (this.#scans[place] as number) + 1;
  }

  /** The probes of a kind to ports that a mode watches. */
  probes(kind: number, mode: ModeName): number {
    return this.#probes[kind * MODE_NAMES.length + modePlace(mode)] as number;
  }

  /** The scans of a shape, by a tool or by none that is known. */
  scans(shape: Shape, tool: ToolName | null): number {
    return this.#scans[scanPlace(shape, tool)] as number;
  }

  /** Forgets everything. */
  clear(): void {
    this.#probes.fill(0);
    this.#scans.fill(0);
  }
}

/** The place of a mode in the counts of probes; that of the first mode where none runs, whose probes never come. */
export function modePlace(mode: ModeName | null): number {
  return mode === null ? 0 : MODE_NAMES.indexOf(mode);
}

function scanPlace(shape: Shape, tool: ToolName | null): number {
  return SHAPES.indexOf(shape) * TOOL_PLACES + (tool === null ? NO_TOOL : TOOL_NAMES.indexOf(tool));
}
