"""Users and groups that directories have (LDAP, Active Directory): who is meant, is it their password, what may they do."""
