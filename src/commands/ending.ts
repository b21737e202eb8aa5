/** The failure of an action that the end of the daemon prevented or cut short. */
export const ENDING = 'portsentry is ending';
