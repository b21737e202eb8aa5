/** Why an action was not run, or not run to its end, at the end of the daemon. */
export const ENDING = 'portsentry is ending';
