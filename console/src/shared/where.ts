// Where somebody goes once they have signed in, and which pages a role may open.
import type { Role } from './wire'

export type Place = '/agent' | '/dispatch' | '/floor' | '/reports' | '/tickets' | '/campaigns' | '/admin' | '/wall'

/** The page of a role. */
export function pageOf(role: Role): string {
  switch (role) {
    case 'dispatcher':
      return '/dispatch'
    case 'branch':
      return '/branch'
    case 'manager':
      return '/reports'
    case 'supervisor':
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
      return ['/dispatch', '/tickets', '/reports', '/admin', '/wall']
    case 'supervisor':
      return ['/floor', '/dispatch', '/tickets', '/reports', '/admin', '/wall']
    case 'manager':
      return ['/floor', '/dispatch', '/tickets', '/campaigns', '/reports', '/admin', '/wall']
    case 'administrator':
      return ['/floor', '/dispatch', '/campaigns', '/reports', '/admin', '/wall']
    default:
      return ['/agent', '/tickets', '/wall']
  }
}
