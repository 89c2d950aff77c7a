// Tickets: what needs somebody first comes first, and what the filter leaves.
import { describe, expect, it } from 'vitest'
import { isOverdue, shownOf } from '@/tickets/order'
import type { Ticket } from '@/tickets/wire'

const NOW = Date.parse('2026-11-21T10:00:00Z')
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()
const ticket = (number: string, due: number, more: Partial<Ticket> = {}): Ticket => ({
  id: `t-${number}`, number, kind: 'complaint', severity: 2, status: 'open', customer: null, name: '王晓梅', phone: '13800138000', order: { id: 'o-1', number: '2611210007' }, branch: 1,
  call: null, recording: null, words: '', owner: null, at: at(-60), due_at: at(due), escalated: 0, closed: null, revision: 0, ...more,
})
const closed = (minutes: number) => ({ closed: { at: at(minutes), by: '李娜', outcome: '已退款', told: 'called' } })
const all = [ticket('1', 30), ticket('2', -5), ticket('3', 90, { escalated: 2 }), ticket('4', 10, { owner: { id: 'u-1', name: '李娜' } }), ticket('5', -50, closed(-5)), ticket('6', -50, closed(-1))]
const numbers = (which: 'open' | 'overdue' | 'mine' | 'all', typed = '', branch = 0) => shownOf(all, { which, typed, branch }, 'u-1', NOW).map((one) => one.number)

describe('tickets', () => {
  it('come by delay, then by deadline; an escalation moves the deadline, not the delay', () => {
    expect(numbers('open')).toEqual(['3', '2', '4', '1'])
    expect(numbers('all')).toEqual(['3', '2', '4', '1', '6', '5'])
    expect([isOverdue(all[2]!, NOW), isOverdue(all[4]!, NOW)]).toEqual([true, false])
  })
  it('are narrowed by delay, owner, branch and words', () => {
    expect(numbers('overdue')).toEqual(['3', '2'])
    expect(numbers('mine')).toEqual(['4'])
    expect(numbers('open', '', 2)).toEqual([])
    expect(numbers('open', '李娜')).toEqual(['4'])
    expect(numbers('open', '138 0013')).toEqual(['3', '2', '4', '1'])
    expect(numbers('open', 'nobody')).toEqual([])
  })
})
