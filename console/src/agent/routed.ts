// Why this agent, in the page's language: the server explains itself in English, in a few fixed phrases. Pure.
import { language } from '@/shared/i18n'

const PHRASES: readonly [RegExp, string][] = [
  [/^the agent of before\b/, '刚才的座席'],
  [/^the last agent\b/, '上次接待的座席'],
  [/^the owner\b/, '专属座席'],
  [/^consultation$/, '咨询'],
  [/^consulted by (.*)$/, '$1 来咨询'],
  [/^team (.*)$/, '同组：$1'],
  [/\bis signed off\b/, '没有上班'],
  [/\bis not ready after the present call\b/, '这通之后不接'],
  [/\bis on a break\b/, '在小休'],
  [/\bis in a long call\b/, '通话很久'],
  [/\bis not about to be free\b/, '暂时没空'],
  [/\bdid not take the call\b/, '没有接'],
  [/\bwas not free in time\b/, '没有及时空出来'],
  [/\bis in wrap-up\b/, '在整理'],
  [/\bis in a short call\b/, '快要空出来'],
  [/\bis ready\b/, '空闲'],
]
const STRATEGIES: Readonly<Record<string, string>> = {
  'ring-all': '同时振铃', 'longest-idle': '空闲最久', 'fewest-calls': '接得最少', 'least-talk-time': '通话最短', 'round-robin': '轮流', linear: '按顺序', progressive: '逐个叠加', random: '随机', weighted: '加权', skill: '技能',
}

/** `the owner (8003) is on a break; longest-idle of 2` → `专属座席 (8003) 在小休；空闲最久（2 人中）`. What is not known stays as it is. */
export function routedWords(routed: string): string {
  if (language.value !== 'zh' || routed === '') return routed
  return routed
    .split('; ')
    .map((part) => {
      const by = /^([a-z-]+) of (\d+)$/.exec(part)
      if (by && STRATEGIES[by[1]!]) return `${STRATEGIES[by[1]!]}（${by[2]} 人中）`
      return part
        .split(', ')
        .map((phrase) => PHRASES.reduce((said, [from, to]) => said.replace(from, to), phrase))
        .join('，')
    })
    .join('；')
}
