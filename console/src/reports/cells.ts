// How a cell is written on the page: the number of the file, with its unit.
import { count, dateTime, money } from '@/shared/format'
import type { Cell, Kind } from './wire'

export function cellText(cell: Cell, kind: Kind): string {
  if (cell === null) return '—'
  switch (kind) {
    case 'count':
      return typeof cell === 'number' ? count(cell) : cell
    case 'fen':
      return typeof cell === 'number' ? money(cell) : cell
    case 'percent':
      return typeof cell === 'number' ? `${cell.toFixed(1)}%` : cell
    case 'seconds':
      return typeof cell === 'number' ? `${cell.toFixed(1)} s` : cell
    case 'time':
      return dateTime(typeof cell === 'number' ? new Date(cell) : cell)
    default:
      return String(cell)
  }
}
