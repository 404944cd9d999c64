import { Group, Text, useComputedColorScheme } from '@mantine/core'
import type { Figures, Point } from '@wealist/contract/ops/metrics'
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { minute, moment } from './format.ts'
import { useText } from './i18n.ts'
import { marks } from './scale.ts'

type Drawn = Exclude<keyof Figures, 'failedJobs'>

interface PlotProps {
  name: string
  title: string
  points: Point[]
  /** What is drawn, with the words for it. */
  lines: Partial<Record<Drawn, string>>
  format: (value: number) => string
  /** The axis reaches at least this far, so that nothing does not look like much. */
  atLeast?: number
  /** What the axis counts in, where that is not one. */
  unit?: number
  /** There are no halves of it. */
  whole?: boolean
}

const colours = { light: ['#364fc7', '#a64b00', '#862e9c'], dark: ['#91a7ff', '#ffc078', '#e599f7'] }

/** Figures over time; for who cannot see it, a sentence with the last ones. */
export const Plot = ({ name, title, points, lines, format, atLeast = 1, unit = 1, whole = false }: PlotProps) => {
  const { t, language } = useText()
  const scheme = useComputedColorScheme('light')
  const palette = colours[scheme]
  const grid = scheme === 'dark' ? '#424242' : '#dee2e6'
  const text = scheme === 'dark' ? '#a6adb4' : '#5c636a'
  const drawn = Object.entries(lines) as [Drawn, string][]
  const last = (key: Drawn) => points.findLast((p) => p[key] !== null)?.[key] ?? null
  const words = drawn.map(([key, what]) => {
    const value = last(key)
    return t('services.plot', { what, name, value: value === null ? t('state.none') : format(value) })
  })
  const most = Math.max(atLeast * unit, ...points.flatMap((point) => drawn.map(([key]) => point[key] ?? 0)))
  const ticks = marks(most, { unit, whole })
  return (
    <figure role="img" aria-label={words.join('. ')} style={{ margin: 0 }}>
      <Group justify="space-between" gap="xs" mb={6}>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        {drawn.length > 1 ? (
          <Group gap="xs">
            {drawn.map(([key, what], i) => (
              <Text key={key} size="xs" style={{ color: palette[i] }}>
                {what} {last(key) === null ? t('state.none') : format(last(key)!)}
              </Text>
            ))}
          </Group>
        ) : (
          <Text size="sm" className="figures">
            {last(drawn[0]![0]) === null ? t('state.none') : format(last(drawn[0]![0])!)}
          </Text>
        )}
      </Group>
      <ResponsiveContainer width="100%" height={140}>
        <LineChart data={points} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid stroke={grid} vertical={false} />
          <XAxis
            dataKey="at"
            tickFormatter={(at: string) => minute(language, at)}
            minTickGap={48}
            height={20}
            tick={{ fill: text, fontSize: 11 }}
            stroke={grid}
          />
          <YAxis
            width={64}
            tickFormatter={format}
            ticks={ticks}
            interval={0}
            domain={[0, ticks.at(-1)!]}
            tick={{ fill: text, fontSize: 11 }}
            stroke={grid}
          />
          <Tooltip
            isAnimationActive={false}
            labelFormatter={(at) => moment(language, String(at))}
            formatter={(value, key) => [format(Number(value)), lines[key as Drawn] ?? key]}
            contentStyle={{
              background: 'var(--mantine-color-body)',
              border: '1px solid var(--mantine-color-default-border)',
              borderRadius: 6,
              fontSize: 12,
            }}
          />
          {drawn.map(([key], i) => (
            <Line
              key={key}
              dataKey={key}
              stroke={palette[i]!}
              strokeWidth={1.8}
              dot={{ r: 1.5, strokeWidth: 0, fill: palette[i]! }}
              isAnimationActive={false}
              connectNulls={false}
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </figure>
  )
}
