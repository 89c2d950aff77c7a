// Campaigns as /api/campaigns tells them.
export type Kind = 'message' | 'voice_file' | 'voice_flow'
export type Status = 'draft' | 'approved' | 'running' | 'paused' | 'stopped' | 'done'

export interface Segment {
  level: string | null
  silent_days: number | null
  ordered_days: number | null
  branch: number | null
  zone: string | null
  birthday_month: number | null
}

export interface Plan {
  name: string
  kind: Kind
  line: string
  prompt: string
  node: string
  text_zh: string
  text_en: string
  language: string
  from: string
  until: string
  hours: string
  at_once: number
  per_minute: number
  tries: number
  listed: boolean
  segment: Segment
}

export interface Campaign {
  id: string
  plan: Plan
  status: Status
  life: number
  listed_at: string | null
  made_by: string
  made_at: string
  approved_by: string | null
  approved_at: string | null
  began_at: string | null
  ended_at: string | null
  counts: Record<string, number>
}

export interface Rules {
  on: boolean
  hours: string
  rest: string | null
  most: number
  within_days: number
  keep_days: number
  messages: boolean
}

export interface All {
  campaigns: Campaign[]
  rules: Rules
  nodes: { name: string; unsubscribe: boolean }[]
}

export interface Listed {
  phone: string
  name: string
  consent: string
}
