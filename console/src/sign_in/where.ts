// Where somebody goes once they have signed in.
import type { Role } from '@/shared/wire'

/** The page of a role; none when there is none yet. */
export function pageOf(role: Role): string | null {
  switch (role) {
    case 'agent':
      return '/agent'
    case 'supervisor':
    case 'manager':
    case 'administrator':
      return '/floor'
    default:
      return null
  }
}

/** Shortest password that the server takes. */
export const SHORTEST = 8

export type PasswordFault = 'short' | 'same' | 'differs' | null

/** What is wrong with a new password, before the server is asked. */
export function passwordFault(old: string, fresh: string, again: string): PasswordFault {
  if ([...fresh].length < SHORTEST) return 'short'
  if (fresh === old) return 'same'
  return fresh === again ? null : 'differs'
}
