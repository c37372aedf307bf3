"""How likely a sign-in with the right proofs is somebody else's, from the service's own history alone. Pure.

    what is seen of a sign-in          -> features  -> Seen
    a Seen and the user's former ones  -> learned   -> parts: how much likelier it is of anybody than of this user
    what happened around it            -> signals   -> parts: what is seldom seen without an attack
    all parts                          -> scoring   -> Judgement: score, level, and why
    what is held against a user        -> user_risk -> UserRisk, which falls with time

Points are ten times the decimal logarithm of a ratio of likelihoods: ten more are ten times as likely.
"""
