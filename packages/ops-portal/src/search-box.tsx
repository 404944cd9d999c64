import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useRef } from 'react'

interface SearchBoxProps {
  label: string
  /** What the address says. */
  value: string | undefined
  maxLength: number
  onSearch: (text: string | undefined) => void
}

/** A text by which a list is filtered: the address follows what is typed, and the field what else becomes of the address. */
export const SearchBox = ({ label, value = '', maxLength, onSearch }: SearchBoxProps) => {
  const box = useRef<HTMLInputElement>(null)
  const sent = useRef(value)
  const search = useDebouncedCallback((text: string) => {
    sent.current = text
    onSearch(text || undefined)
  }, 300)
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    box.current!.value = value
  }, [value])
  return (
    <TextInput
      ref={box}
      type="search"
      label={label}
      maxLength={maxLength}
      defaultValue={value}
      onChange={(event) => search(event.currentTarget.value)}
    />
  )
}
