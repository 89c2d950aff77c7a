// What the form that blocks a number says.
import { words } from '@/shared/i18n'
import { en } from './en'
import { zh } from './zh'

export const t = words(zh, en)
