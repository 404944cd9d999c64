import { Text } from '@mantine/core'
import type { Condition as Of } from '@wealist/contract/ops/status'
import { useText } from './i18n.ts'

/** How something is: a colour and a word, since colours are not for everybody. */
export const Condition = ({ of }: { of: Of }) => {
  const { t } = useText()
  return (
    <Text span size="sm" fw={600} className={`${of} short`}>
      <span className="dot" />
      {t(`condition.${of}`)}
    </Text>
  )
}
