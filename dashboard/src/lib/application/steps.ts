/** The way of a deployment, as a list of steps of which each is done, under way, to come, or where it ended. */
import type { DeploymentRow } from './queries';

export type Status = DeploymentRow['status'];
export type StepState = 'done' | 'now' | 'ahead' | 'failed' | 'left';

export const STEPS = ['QUEUED', 'PREPARING', 'STARTING', 'CHECKING', 'ROUTING', 'RETIRING'] as const;
const OVER: readonly Status[] = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'SUPERSEDED'];

export interface Step {
  status: (typeof STEPS)[number];
  state: StepState;
  /** How long it took, or takes until now (ms); undefined: not known. */
  took?: number;
}

export function isOver(status: Status): boolean {
  return OVER.includes(status);
}

/** `reached`: when each status was reached (ms), as far as it is known. */
export function stepsOf(status: Status, reached: Partial<Record<Status, number>>, now: number): Step[] {
  const known = STEPS.filter((step) => reached[step] !== undefined);
  const last = isOver(status) ? known.at(-1) : (status as (typeof STEPS)[number]);
  return STEPS.map((step, place) => {
    const begun = reached[step];
    const after = STEPS.slice(place + 1).find((each) => reached[each] !== undefined);
    const ended = after ? reached[after] : isOver(status) ? reached[status] : now;
    const took = begun !== undefined && ended !== undefined ? Math.max(0, ended - begun) : undefined;
    return { status: step, state: stateOf(status, last, place), ...(took === undefined ? {} : { took }) };
  });
}

function stateOf(status: Status, last: (typeof STEPS)[number] | undefined, place: number): StepState {
  const at = last ? STEPS.indexOf(last) : -1;
  if (status === 'SUCCEEDED' || place < at) return 'done';
  if (place > at) return isOver(status) ? 'left' : 'ahead';
  if (!isOver(status)) return 'now';
  return status === 'FAILED' ? 'failed' : 'left';
}
