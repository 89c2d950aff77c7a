// Where somebody goes once they have signed in, and which pages a role may open.
import type { Role } from './wire'

/** The page of a role. */
export function pageOf(role: Role): string {
  switch (role) {
    case 'dispatcher':
      return '/wall'
    case 'branch':
      return '/branch'
    case 'supervisor':
    case 'manager':
    case 'administrator':
      return '/floor'
    default:
      return '/agent'
  }
}
