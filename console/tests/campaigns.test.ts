// Campaigns: lists as they are pasted, counts as they are read, and what can be done when.
import { describe, expect, it } from 'vitest'
import { freshPlan, outcomes, readNumbers, reasons, steps } from '@/campaigns/plan'
import type { Campaign, Status } from '@/campaigns/wire'

const campaign = (status: Status, counts: Record<string, number> = {}, listed = true): Campaign => ({
  id: 'c', plan: freshPlan(new Date('2026-11-20T04:00:00Z'), '09:00-20:00'), status, life: 1, listed_at: listed ? '2026-11-20T04:00:00Z' : null, made_by: '王经理',
  made_at: '2026-11-20T04:00:00Z', approved_by: null, approved_at: null, began_at: null, ended_at: null, counts,
})

describe('campaigns (C99)', () => {
  it('take lists as people paste them', () => {
    expect(readNumbers('13811112222，赵先生，门店登记表,2026-10\r\n\n 138 1111 3333\tLi\tform\n')).toEqual([
      { phone: '13811112222', name: '赵先生', consent: '门店登记表，2026-10' },
      { phone: '138 1111 3333', name: 'Li', consent: 'form' },
    ])
    expect(readNumbers(' \n')).toEqual([])
  })
  it('tell who is left out, most first, and what came of the others', () => {
    const one = campaign('running', { listed: 9, 'out:no_consent': 3, 'out:refused': 4, 'later:open_order': 1, answered: 2, busy: 0 })
    expect(reasons(one, 'out')).toEqual([['refused', 4], ['no_consent', 3]])
    expect(reasons(one, 'later')).toEqual([['open_order', 1]])
    expect(outcomes(one)).toEqual([['answered', 2]])
  })
  it('are approved only with a list that somebody is on', () => {
    expect(steps(campaign('draft', {}, false))).toEqual(['list', 'stop'])
    expect(steps(campaign('draft', { waiting: 0 }))).toEqual(['list', 'stop'])
    expect(steps(campaign('draft', { waiting: 2 }))).toEqual(['list', 'approve', 'stop'])
    expect(steps(campaign('running'))).toEqual(['pause', 'stop'])
    expect(steps(campaign('paused'))).toEqual(['start', 'stop'])
    expect(steps(campaign('stopped'))).toEqual([])
  })
})
