// How a number may be blocked, the mildest first, and for how long: 0 is for good.
export const LEVELS = ['no_cash', 'agent', 'soft', 'message', 'hard', 'busy', 'decline'] as const
export const DAYS = [7, 30, 90, 365, 0] as const
