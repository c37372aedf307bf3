"""Conditional access: policies as data, what they come to for one request, and why. Pure.

    documents (JSON, TOML)  -> reading  -> Policy, Location, Strength   (model)
    a set of them           -> compiled -> a Program for each application
    a Program and the facts -> decision -> Decision; explained policy by policy by `explanation`
"""
