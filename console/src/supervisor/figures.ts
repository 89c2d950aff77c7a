// The floor in numbers: what the wallboard shows and when it turns amber or red. Pure.
import type { Agent, AgentStateName, Queue, Queues, Thresholds, Waiting } from '@/shared/wire'

export type Level = 'calm' | 'warn' | 'bad' | 'good'

/** Those of a server that says nothing of them. */
export const THRESHOLDS: Thresholds = { waiting: [3, 6], longest_s: [60, 90], in_time: [85, 75], abandoned: [5, 8], long_call_s: 300 }

/** Higher is worse. */
export function above(value: number | null, [amber, red]: [number, number]): Level {
  if (value === null) return 'calm'
  return value >= red ? 'bad' : value >= amber ? 'warn' : 'calm'
}

/** Lower is worse; what is good is said to be so. */
export function below(value: number | null, [amber, red]: [number, number]): Level {
  if (value === null) return 'calm'
  return value < red ? 'bad' : value < amber ? 'warn' : 'good'
}

export interface Totals {
  waiting: number
  longestSince: string | null
  offered: number
  answered: number
  abandoned: number
  /** Percent answered within the promised seconds; none while nobody called. */
  inTime: number | null
  /** Percent of callers who gave up. */
  abandonRate: number | null
}

/** Those who gave up in the first seconds count neither for nor against us. */
const judged = (queue: Pick<Queue, 'offered' | 'abandoned_short'>) => Math.max(0, queue.offered - queue.abandoned_short)

export function inTimePercent(queue: Pick<Queue, 'offered' | 'abandoned_short' | 'answered' | 'answered_in_time' | 'abandoned'>): number | null {
  // Those who still wait are not judged yet.
  const settled = Math.min(judged(queue), queue.answered + queue.abandoned)
  return settled > 0 ? Math.min(100, (100 * queue.answered_in_time) / settled) : null
}

export function totals(queues: Queues): Totals {
  const sum = (of: (queue: Queue) => number) => queues.queues.reduce((total, queue) => total + of(queue), 0)
  const all = {
    offered: sum((queue) => queue.offered),
    answered: sum((queue) => queue.answered),
    answered_in_time: sum((queue) => queue.answered_in_time),
    abandoned: sum((queue) => queue.abandoned),
    abandoned_short: sum((queue) => queue.abandoned_short),
  }
  const counted = judged(all)
  return {
    waiting: sum((queue) => queue.waiting),
    longestSince: queues.queues.reduce<string | null>(
      (oldest, { longest_since: since }) => (since && (!oldest || Date.parse(since) < Date.parse(oldest)) ? since : oldest),
      null,
    ),
    offered: all.offered,
    answered: all.answered,
    abandoned: all.abandoned,
    inTime: inTimePercent(all),
    abandonRate: counted > 0 ? Math.min(100, (100 * all.abandoned) / counted) : null,
  }
}

/** `86 %`, `4.1 %`, `—` */
export function percent(value: number | null, digits = 0): string {
  if (value === null) return '—'
  const text = value.toFixed(digits)
  return `${digits > 0 && text.endsWith('.0') ? text.slice(0, -2) : text}%`
}

/** Who takes calls, by number; supervisors only while they are in one. */
export function seats(agents: Record<string, Agent>): Agent[] {
  return Object.values(agents)
    .filter((agent) => agent.role === 'agent' || agent.call !== null)
    .sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }) || a.name.localeCompare(b.name))
}

const SHOWN_FIRST: AgentStateName[] = ['on_call', 'available', 'ringing', 'hold', 'wrap_up', 'outbound', 'break', 'not_responding', 'not_ready']

/** How many are in each state, the usual ones first, none left out that has somebody. */
export function byState(agents: Agent[]): { state: AgentStateName; count: number }[] {
  return SHOWN_FIRST.map((state) => ({ state, count: agents.filter((agent) => agent.state === state).length })).filter((one) => one.count > 0)
}

/** Why an agent's box is marked: a call that is long, or a break over its length. */
export function mark(agent: Pick<Agent, 'state' | 'since' | 'break_reason'>, now: number, breakMinutes: Record<string, number>, limits: Thresholds): 'long_call' | 'long_break' | null {
  const past = (now - Date.parse(agent.since)) / 1000
  if ((agent.state === 'on_call' || agent.state === 'hold') && past >= limits.long_call_s) return 'long_call'
  const allowed = agent.break_reason ? breakMinutes[agent.break_reason] : undefined
  if (agent.state === 'break' && allowed !== undefined && past > allowed * 60) return 'long_break'
  return null
}

/** Mean of a total over so many, ms; none when there were none. */
export const mean = (totalMs: number, count: number): number | null => (count > 0 ? totalMs / count : null)

/** The line in the order in which callers are served: by queue as listed, then by place. */
export function inLine(queues: Queues): Waiting[] {
  const at = new Map(queues.queues.map((queue, place) => [queue.queue, place]))
  return [...queues.waiting].sort((a, b) => (at.get(a.queue) ?? 99) - (at.get(b.queue) ?? 99) || a.place - b.place || Date.parse(a.since) - Date.parse(b.since))
}

export interface Hour {
  hour: number
  offered: number
  abandoned: number
}

/** What `/api/wall` says by the hour, in whichever of its forms; hours without calls between the first and the last are zero. */
export function hours(raw: unknown): Hour[] {
  if (!Array.isArray(raw)) return []
  const read = raw.flatMap((one: Record<string, unknown>): Hour[] => {
    const hour = typeof one?.hour === 'string' && one.hour.includes('T') ? new Date(one.hour).getHours() : Number(one?.hour)
    return Number.isInteger(hour) && hour >= 0 && hour < 24 ? [{ hour, offered: Number(one.offered) || 0, abandoned: Number(one.abandoned) || 0 }] : []
  })
  const busy = read.filter((one) => one.offered > 0).map((one) => one.hour)
  if (busy.length === 0) return []
  const [from, to] = [Math.min(...busy), Math.max(...busy)]
  return Array.from({ length: to - from + 1 }, (_, step) => read.find((one) => one.hour === from + step) ?? { hour: from + step, offered: 0, abandoned: 0 })
}

/** A round number at or above `most`, for the top of a chart. */
export function top(most: number): number {
  if (most <= 5) return 5
  const unit = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 5, 10].map((step) => step * unit).find((value) => value >= most) ?? most
}
