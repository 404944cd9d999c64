import {
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
  Card,
  type CardProps,
  NavLink,
  type NavLinkProps,
} from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ComponentProps } from 'react'

type Native<P> = P & Omit<ComponentProps<'a'>, keyof P>

// Mantine's looks with the router's types: an address that does not exist is found by the compiler.
export const AnchorLink = createLink((props: Native<AnchorProps>) => <Anchor {...props} />)
export const ButtonLink = createLink((props: Native<ButtonProps>) => <Button component="a" {...props} />)
export const CardLink = createLink((props: Native<CardProps>) => <Card component="a" {...props} />)
export const PageLink = createLink((props: Native<NavLinkProps>) => <NavLink {...props} />)
