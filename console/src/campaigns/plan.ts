// What a new campaign begins with, lists as they are pasted, and counts as they are read.
import type { Campaign, Listed, Plan } from './wire'

/** Tomorrow for a week, in the hours between meals. */
export function freshPlan(now: Date, hours: string): Plan {
  const day = (days: number) => {
    const at = new Date(now.getTime() + days * 86_400_000)
    return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
  }
  return {
    name: '', kind: 'voice_file', line: '', prompt: '', node: '', text_zh: '', text_en: '', language: 'zh-CN', from: day(1), until: day(7), hours, at_once: 2,
    per_minute: 10, tries: 1, listed: false,
    segment: { level: null, silent_days: null, ordered_days: null, branch: null, zone: null, birthday_month: null },
  }
}

/** One number a line; name and consent behind commas or tabs. */
export function readNumbers(text: string): Listed[] {
  const rows = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean)
  return rows.map((line) => {
    const [phone = '', name = '', ...rest] = line.split(/[,，\t]/).map((part) => part.trim())
    return { phone, name, consent: rest.join('，') }
  })
}

/** Reasons and how many, the most frequent first. */
export function reasons(campaign: Campaign, prefix: 'out' | 'later'): [string, number][] {
  const found = Object.entries(campaign.counts).filter(([what]) => what.startsWith(`${prefix}:`))
  return found.map(([what, count]): [string, number] => [what.slice(prefix.length + 1), count]).sort((a, b) => b[1] - a[1])
}

const OVER = ['answered', 'refused', 'handed_over', 'no_answer', 'busy', 'failed', 'no_such_number', 'barred', 'cut_off'] as const

/** Outcomes of tries that there were. */
export function outcomes(campaign: Campaign): [(typeof OVER)[number], number][] {
  return OVER.map((what): [(typeof OVER)[number], number] => [what, campaign.counts[what] ?? 0]).filter(([, count]) => count > 0)
}

/** What can be done with it now. */
export function steps(campaign: Campaign): ('list' | 'approve' | 'start' | 'pause' | 'stop')[] {
  switch (campaign.status) {
    case 'draft':
      return campaign.listed_at && (campaign.counts.waiting ?? 0) > 0 ? ['list', 'approve', 'stop'] : ['list', 'stop']
    case 'approved':
    case 'paused':
      return ['start', 'stop']
    case 'running':
      return ['pause', 'stop']
    default:
      return []
  }
}
