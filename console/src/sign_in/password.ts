// What a new password must be, said before the server is asked.

/** Shortest password that the server takes. */
export const SHORTEST = 8

export type PasswordFault = 'short' | 'same' | 'differs' | null

/** What is wrong with a new password, before the server is asked. */
export function passwordFault(old: string, fresh: string, again: string): PasswordFault {
  if ([...fresh].length < SHORTEST) return 'short'
  if (fresh === old) return 'same'
  return fresh === again ? null : 'differs'
}
