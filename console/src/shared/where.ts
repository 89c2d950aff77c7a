// Where somebody goes once they have signed in, and which pages a role may open.
import type { Role } from './wire'

export type Place = '/agent' | '/dispatch' | '/floor' | '/reports' | '/tickets' | '/admin' | '/wall'

/** The page of a role. */
export function pageOf(role: Role): string {
  switch (role) {
    case 'dispatcher':
      return '/dispatch'
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

/** What stands in the bar of the office's pages. */
export function pagesOf(role: Role): Place[] {
  switch (role) {
    case 'dispatcher':
      return ['/dispatch', '/wall']
    case 'supervisor':
    case 'manager':
    case 'administrator':
      return ['/floor', '/dispatch', '/wall']
    default:
      return ['/agent', '/wall']
  }
}
