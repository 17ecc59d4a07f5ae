"""Looks at a target before a run: can it begin, what would it cost, and what would open more checks?"""
