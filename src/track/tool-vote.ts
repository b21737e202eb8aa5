import type { Probe } from '../classify/probe.ts';
import { unicornscanKey } from '../classify/tool/unicornscan.ts';
import { TOOL_NAMES, type ToolName, toolOf } from '../classify/tool.ts';
import { Count, Flag, type SourceState } from './source-state.ts';

const NO_TOOL = 0;

/**
 * Finds the tool whose fingerprint most probes of a scan have, without a count for each (Boyer and Moore, "MJRTY",
 * 1981). So a fingerprint that one packet in 65,536 has by chance never names a scan. A view of its slot's row.
 */
export class ToolVote {
  readonly #state: SourceState;
  readonly #slot: number;

  constructor(state: SourceState, slot: number) {
    this.#state = state;
    this.#slot = slot;
  }

  /** The tool of the scan so far; null for none. */
  get name(): ToolName | null {
    return TOOL_NAMES[this.#leader - 1] ?? null;
  }

  /** Adds a probe and returns the tool that it looks like itself. */
  add(probe: Probe): ToolName | null {
    const tool = toolOf(probe) ?? this.#unicornscan(probe);
    const number = tool === null ? NO_TOOL : TOOL_NAMES.indexOf(tool) + 1;
    if (number === this.#leader) this.#lead++;
    else if (this.#lead === 0) {
      this.#leader = number;
      this.#lead = 1;
    } else this.#lead--;
    return tool;
  }

  reset(): void {
    this.#leader = NO_TOOL;
    this.#lead = 0;
    this.#state.setFlag(this.#slot, Flag.hasToolKey, false);
  }

  /** The number of the tool among TOOL_NAMES, counted from 1. */
  get #leader(): number {
    return this.#state.count(this.#slot, Count.tool);
  }

  set #leader(number: number) {
    this.#state.setCount(this.#slot, Count.tool, number);
  }

  get #lead(): number {
    return this.#state.count(this.#slot, Count.toolLead);
  }

  set #lead(lead: number) {
    this.#state.setCount(this.#slot, Count.toolLead, lead);
  }

  /** The unicornscan secret of the last SYN and its destination port tell whether this one is of the same run. */
  #unicornscan(probe: Probe): ToolName | null {
    const state = this.#state;
    const slot = this.#slot;
    const key = unicornscanKey(probe);
    const isOne =
      key !== null &&
      state.has(slot, Flag.hasToolKey) &&
      key >>> 0 === state.count(slot, Count.toolKey) &&
      probe.destinationPort !== state.count(slot, Count.toolKeyPort);
    state.setFlag(slot, Flag.hasToolKey, key !== null);
    if (key !== null) state.setCount(slot, Count.toolKey, key >>> 0);
    state.setCount(slot, Count.toolKeyPort, probe.destinationPort);
    return isOne ? 'unicornscan' : null;
  }
}
