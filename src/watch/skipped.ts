/** Why a packet that would be a probe elsewhere is none here. */
export const Skip = {
  /** Its source is its destination. */
  ownSource: 0,
  /** Its destination is not protected. */
  notHome: 1,
  /** No TCP mode watches the port. */
  tcpPort: 2,
  /** No UDP mode watches the port. */
  udpPort: 3,
} as const;

/** One of the values of `Skip`. */
export type Skip = (typeof Skip)[keyof typeof Skip];

/** The number of values of `Skip`. */
export const SKIP_COUNT = Object.keys(Skip).length;
