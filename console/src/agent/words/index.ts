// The agent page's words. English comes when it is wanted.
import { words } from '@/shared/i18n'
import { zh } from './zh'

export const t = words(zh, async () => (await import('./en')).en)
