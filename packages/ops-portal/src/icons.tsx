const paths = {
  overview: 'M3 12h4l3-8 4 16 3-8h4',
  services: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01',
  slo: 'M12 21a9 9 0 1 0-9-9M12 16a4 4 0 1 0-4-4M12 12l8-8',
  logs: 'M5 5h14M5 10h14M5 15h9M5 20h5',
  deployments: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  people:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-6 7-6s7 2 7 6M16 3.5a4 4 0 0 1 0 7M18 15.5c2.500.8 4 2.700 4 5.500',
  audit: 'M9 4h6v3H9zM7 5H5v16h14V5h-2M9 12l2 2 4-4',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0z',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5',
  dark: 'M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z',
} as const

export type IconName = keyof typeof paths

/** A picture beside a word; it says nothing of its own. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true">
    <path
      d={paths[name]}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
)
