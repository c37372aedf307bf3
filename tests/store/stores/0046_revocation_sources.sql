-- master key 203175868a9276c9df5a5963a265a68e4efa1755c8de6d10c3783f964dd9a83f
BEGIN TRANSACTION;
CREATE TABLE acme_accounts (
	id VARCHAR(64) NOT NULL, 
	directory TEXT NOT NULL, 
	contacts TEXT NOT NULL, 
	authority TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	binding_id TEXT NOT NULL, 
	binding_key BLOB NOT NULL, 
	url TEXT NOT NULL, 
	CONSTRAINT pk_acme_accounts PRIMARY KEY (id)
);
CREATE TABLE acme_challenges (
	token VARCHAR(255) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	answer TEXT NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_acme_challenges PRIMARY KEY (token)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('revocation_sources');
CREATE TABLE application_providers (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_application_providers PRIMARY KEY (application, provider), 
	CONSTRAINT fk_application_providers_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_application_providers_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
CREATE TABLE applications (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	external TEXT NOT NULL, 
	external_host VARCHAR(255) NOT NULL, 
	external_path VARCHAR(1024) NOT NULL, 
	internal TEXT NOT NULL, 
	preauthentication VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_applications PRIMARY KEY (id), 
	CONSTRAINT uq_applications_external_host_external_path UNIQUE (external_host, external_path), 
	CONSTRAINT uq_applications_name_key UNIQUE (name_key), 
	CONSTRAINT fk_applications_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT, 
	CONSTRAINT fk_applications_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
INSERT INTO "applications" VALUES('14188af6cb58af16','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','07d3b65eb00c7601','builtin','{"backend_timeout": "120"}',1.79607717163723015784e+09);
INSERT INTO "applications" VALUES('938c46c8cba68494','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607717585648250582e+09);
INSERT INTO "applications" VALUES('be44eb2a8595f1b9','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','8f23f47b9dcdde2d','{}',1.79607722318791484831e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('14188af6cb58af16','builtin','group','8ef669925e51acb7',0);
INSERT INTO "assignments" VALUES('be44eb2a8595f1b9','8f23f47b9dcdde2d','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, link VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607716427856874468e+09,'local:0','connector.token','b77f50e8f5c0afa8','{"expires": 1796080764.2785687, "group": "default", "uses": 1}','9d41528abf1b1f27b5e00525087cb43acf1b38849a32e34cc3a7d3ccc0591015');
INSERT INTO "audit" VALUES(2,1.79607716826417899134e+09,'local:0','connector_group.add','07d3b65eb00c7601','{"id": "07d3b65eb00c7601", "name": "lab", "needs_approval": true}','f0550d3edfa348f800beaa06b0a9b0e6fdc016db8da49ebca1ca140d11e54ae7');
INSERT INTO "audit" VALUES(3,1.79607717163723015784e+09,'local:0','application.publish','14188af6cb58af16','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "14188af6cb58af16", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','ea97847a97de7529c13356cc3f274deedf2408f6baadf40f60d2a81305f58792');
INSERT INTO "audit" VALUES(4,1.79607717585648250582e+09,'local:0','application.publish','938c46c8cba68494','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "938c46c8cba68494", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','c6f6cba14f365ed3e828faf156aae2bf999286c38e7c6d722c8a4ffccf2bbba1');
INSERT INTO "audit" VALUES(5,1.79607717822542405127e+09,'local:0','application.set','14188af6cb58af16','{"name": "wiki", "settings": {"backend_timeout": "120"}}','0d2882327a9153dc64517db65c0424138dd86b46d63dbd1d652dc0ceab91c89c');
INSERT INTO "audit" VALUES(6,1.79607718350870394709e+09,'local:0','user.add','c3933f82eeea6a00','{"groups": ["staff"], "name": "alice"}','95962b6ebfc4dc78028c3043c77aa5a476d7f774f4dde5c8f7bad16da97130e1');
INSERT INTO "audit" VALUES(7,1796077189.97825,'local:0','user.add','080b54dfcf378187','{"groups": [], "name": "bob"}','a1efde6ed35da18a811c927006447cfba206c282777abb5abdfba1d56a499d40');
INSERT INTO "audit" VALUES(8,1.79607719666864848137e+09,'local:0','user.add_to_group','080b54dfcf378187','{"group": "staff", "name": "bob"}','2a178ea9327385797e8d9b05b0f98eb3ab568dbc3d816ffeafeac3d96ff716b1');
INSERT INTO "audit" VALUES(9,1.79607720375737333297e+09,'local:0','application.assign','14188af6cb58af16','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "8ef669925e51acb7"}','eaea060900647593cc16f54ed6c32cb64250a79da3f71ea4aaf7a101eaca73ee');
INSERT INTO "audit" VALUES(10,1.79607720983787035942e+09,'local:0','connector.token','3f73173aaa99841e','{"expires": 1796080809.8378704, "group": "lab", "uses": 3}','90a9e62a823fe38821e4a6c105735745b3b81924954aaf598c2609dbd152b2e1');
INSERT INTO "audit" VALUES(11,1.79607721615851736061e+09,'local:0','provider.add','8f23f47b9dcdde2d','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "fetch_groups": false, "groups_claim": "groups", "id": "8f23f47b9dcdde2d", "idle_minutes": 240.0, "issuer": "https://login.corp.example/", "keys": "", "kind": "oidc", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"], "secret_changed": 1796077216.1585174, "session_hours": 12.0, "settings": {}}','efa4115bb08301bf6b01aed4e63f4549a2032e65ff9ed870041ae1f0bb0ec380');
INSERT INTO "audit" VALUES(12,1.79607722318791484831e+09,'local:0','application.publish','be44eb2a8595f1b9','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "be44eb2a8595f1b9", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "providers": ["corp"], "segments": [], "settings": {}}','0b20fd3a1b34072219454b0cab13082c21670030a01c564d44fa160f66d70967');
INSERT INTO "audit" VALUES(13,1.79607722881239914893e+09,'local:0','application.assign','be44eb2a8595f1b9','{"maintainer": false, "name": "sales", "provider": "corp", "user": "5f2b7c", "value": "5f2b7c"}','84c2eba3a917b4579ff13b232697d08bd7d73a285ea010d6fa32ecab6fa18a74');
INSERT INTO "audit" VALUES(14,1.79607723426356220243e+09,'local:0','segment.add','14188af6cb58af16','{"external": "https://handbook.example.com/", "id": "9146214ecf34dfd7", "internal": "http://wiki.internal:8080/", "name": "wiki"}','7a6d176fa11daf41677e70ce93a9118dc16ccac68ab9a2ee07983481a384fa38');
INSERT INTO "audit" VALUES(15,1796077239.41939,'local:0','cors.add','14188af6cb58af16','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}','cd20c4c226c2c85cce0ddee561cdc54fc3bbd7d1036244af8a864c416d58b1c8');
INSERT INTO "audit" VALUES(16,1.79607724418234229084e+09,'local:0','client.add','01b73d7f4a700471','{"backchannel_logout_session_required": false, "backchannel_logout_uri": "", "ca_bundle": 0, "frontchannel_logout_uri": "", "name": "grafana", "post_logout_redirect_uris": [], "redirect_uris": ["https://grafana.example.com/login"]}','a16a36eba66bf13bb8b4c147134e147a44fb086c251bb8f8a6c70a48ff352e65');
INSERT INTO "audit" VALUES(17,1.79607724924670934677e+09,'local:0','native_client.add','cb0c998fad029a3c','{"applications": ["wiki"], "created": 1796077249.2467093, "device_codes": false, "id": "cb0c998fad029a3c", "name": "tools", "redirect_uris": ["http://127.0.0.1/callback"]}','16366b515cfa2112831cba23d3e2e3925d0c0b319a35d3e5d619ca4f89407a5d');
INSERT INTO "audit" VALUES(18,1.79607725432389950747e+09,'local:0','role.assign','8ef669925e51acb7','{"application": "", "expires": 0.0, "kind": "group", "name": "staff", "provider": "builtin", "role": "help-desk", "value": "8ef669925e51acb7"}','9cab82853e9f132ceb3abdb2ecba70894e2c1d7d055636def7afcb7f7ae2e047');
INSERT INTO "audit" VALUES(19,1.79607726036976456636e+09,'local:0','audit_export.add','195500f8c84e774c','{"destination": "file:///var/log/appproxy/audit.json", "format": "json", "name": "archive", "start": "now"}','ad83fdd8e2be2f7892a774fb8c0d114fec96744d132e25e5fd3eaa2c2192ab6f');
CREATE TABLE audit_chains (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	start VARCHAR(64) NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	begins BIGINT NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_chains PRIMARY KEY (id)
);
INSERT INTO "audit_chains" VALUES('known',X'7331F9DBA1B4E6368A4B03AAF61E10494D819165276DD9A9D8DA646BE9A834DD9B9DD364816D0E431659BD6FDA3837555A0587DA33C90E3A3A518F0F45773CE567A0','0000000000000000000000000000000000000000000000000000000000000000','ad83fdd8e2be2f7892a774fb8c0d114fec96744d132e25e5fd3eaa2c2192ab6f',1,'323418da222104b9dd69ec4b7c5f3a56219e40164cf8910aed01ae588097c431');
CREATE TABLE audit_exports (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	url TEXT NOT NULL, 
	format VARCHAR(64) NOT NULL, 
	ca_bundle TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	position BIGINT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	delivered DOUBLE NOT NULL, 
	sent BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	lost BIGINT NOT NULL, 
	CONSTRAINT pk_audit_exports PRIMARY KEY (id), 
	CONSTRAINT uq_audit_exports_name_key UNIQUE (name_key)
);
INSERT INTO "audit_exports" VALUES('195500f8c84e774c','archive','archive','file:///var/log/appproxy/audit.json','json','','',X'7331F9DBA1B4EEF0FBE645B6EF9B60158A9B99A4C1694A06B577233D5CAE99DDDCF9',X'7331F9DBA1B4660D83D907B59C08711343BC8B4E78E14D207989A5138C5BFC4396D4',1.79607726036976456636e+09,18,'',0.0,1.79607726036976456636e+09,0,'',0.0,0,0,0);
CREATE TABLE authenticator_apps (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	secret BLOB NOT NULL, 
	last_step BIGINT NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_authenticator_apps PRIMARY KEY (id), 
	CONSTRAINT fk_authenticator_apps_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('11688fb540738c8b','connector','-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQaa5ce9VcjtZiYDKpkwzGbjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGIwMzhiODBiMmFkMjFmNjkwHhcN
MjYxMTI5MjIxOTIzWhcNMzYxMTMwMTAxOTIzWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGIwMzhiODBiMmFkMjFmNjkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARVJcDVZKfjBMoQBIxcUi45pfu0lk5/L4sv7Vth0W2YXuXjups6Vudg
LDUx6cjzwoUW+cHOz44sp7tHnPNng01lo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU7vANj4snj4ce6OZNDLjIK26dpWgw
CgYIKoZIzj0EAwIDSAAwRQIgcbY+ZRPOAR/eQ3mn3qiTGI+hjAwdnZTVsyfZ9gZ6
LK8CIQDmhocQVv0ZgbYu4wTaHS2nopo0B/5sEqW48KAqkYRREQ==
-----END CERTIFICATE-----
',X'7331F9DBA1B4B131A152B9406FC20419BEFB17B05B407B99844B944E63E001225313EC6C93C11B2F9F6412C154859A0BBCCC6878E291A79F0EE646BDE86CAFE14D32F869AFFBCAE9FCC73DEB2B48216BD0217A10198236F11C6AA6EED8B37A09DCDD75C14CF4424CD13AC76D6FBE003F036C78B82E6598AE4235ED4C2D3EFA06F87AA5FDA19BEB9D6EBA14E0BCB9B8AE2C0FF5B12C13F271701F0667F3129C354290AC61D90760ECD55B4DE0157DAB3AEF62109C557D08787B84F6B4873BCEA16826DA0EC82D86BED81E6A92988081A9C2CE565A5C14F87880CA48CDE65C02327145BBEFC5FDE53A8E2DD039DCB70DFCC509EDD36FAAAC9DC778F0E29AF4F017F264736C088417AEFD293BE38AF341E60F4CF3',1.79607716301632833483e+09,2111653163.0);
INSERT INTO "authorities" VALUES('dbe565090e3c0b80','user','-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQPXUxmD7eQblf/NXGWWUjfTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBiMDM4YjgwYjJhZDIxZjY5MB4X
DTI2MTEyOTIyMTkyM1oXDTM2MTEzMDEwMTkyM1owMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYjAzOGI4MGIyYWQyMWY2OTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCRnzbeVWUYPPdUtfjGIEFSmDj8rZlVIzcu6nG05CqFFJZtfcBEb
OZiB6y1xID9lRBw46KJjDvIkr/OiwOuaQHujZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSUg4RDNap9r86kWBq/aKM9eTq9
ezAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANMI2kWUTlePUBQ6qXIkEGik/mKrPsx9DpaWk74avpdgAiBBuh7NAFYnGyhH
6b9ZjaiB3jK5IWmy1u4P6FL1SyZuyA==
-----END CERTIFICATE-----
',X'7331F9DBA1B4FA210785EBA3163D6B19F617569AEF141B7AA2BEFF21D27610EF3FFEE01FF6077865DAF037EB4C040A3731C8D586CE2C1D0CA20DD8746D0E2B5770CB25C85327321FB4C3DD07313B7E77B5242898D6C16E7E69006765ECEECEC5566A6ACD014BAA5E67E4B25C97E0D81BBABE36F01E95B5FFAA7A987F3CEC3BA0BF91B2EC3C5E5DD9C7596F4943992FB1C73F2AF069CB6C288EA93F7DBE42803E312820EF7302109A205BEDC26B1BD2B319895A97CFD4FD8F4E183D397CBDE9A301018266E276996B214F0E50BF4BDE293B815E794B870DE69A52D0966E353749DA652AF753C2D99DB33DAAC51B05BDA2DE169050CF763D66B666F2C791639CC7108C381E9A49E41BBCAAFEA9CE1646BDDE20F7',1.79607716301632833483e+09,2111653163.0);
CREATE TABLE break_glass (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_break_glass PRIMARY KEY (provider, subject), 
	CONSTRAINT fk_break_glass_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE certificate_orders (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	hosts TEXT NOT NULL, 
	challenge VARCHAR(64) NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_certificate_orders PRIMARY KEY (id), 
	CONSTRAINT uq_certificate_orders_name_key UNIQUE (name_key)
);
CREATE TABLE certificates (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	source VARCHAR(64) NOT NULL, 
	names TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	not_before DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_certificates PRIMARY KEY (id), 
	CONSTRAINT uq_certificates_name_key UNIQUE (name_key)
);
CREATE TABLE client_grants (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	methods TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	family_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_client_grants PRIMARY KEY (id), 
	CONSTRAINT fk_client_grants_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_client_grants_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE client_keys (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	certificate TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	given BOOLEAN NOT NULL, 
	CONSTRAINT pk_client_keys PRIMARY KEY (id), 
	CONSTRAINT fk_client_keys_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE client_sessions (
	client VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	began DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	CONSTRAINT pk_client_sessions PRIMARY KEY (client, sid), 
	CONSTRAINT fk_client_sessions_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	post_logout_redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, backchannel_logout_uri TEXT DEFAULT '' NOT NULL, backchannel_logout_session_required BOOLEAN DEFAULT 0 NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, frontchannel_logout_uri TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id), 
	CONSTRAINT uq_clients_name_key UNIQUE (name_key)
);
INSERT INTO "clients" VALUES('01b73d7f4a700471','grafana','grafana','81e4e20d18db3a0d370e21f4b185f2c05fe9f2425c884b2d7eb2edba98db02ab','',0.0,'["https://grafana.example.com/login"]','[]',1.79607724418234229084e+09,1.79607724418234229084e+09,'',0,'','');
CREATE TABLE command_lines (
	id VARCHAR(64) NOT NULL, 
	session TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	family_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_command_lines PRIMARY KEY (id)
);
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('07d3b65eb00c7601','lab','lab',1);
CREATE TABLE connector_places (
	connector VARCHAR(64) NOT NULL, 
	node VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_connector_places PRIMARY KEY (connector, node), 
	CONSTRAINT fk_connector_places_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, inactive DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connector_sightings PRIMARY KEY (connector), 
	CONSTRAINT fk_connector_sightings_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connectors (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	certificate_serial VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	enrolled DOUBLE NOT NULL, certificate_begins DOUBLE DEFAULT '0' NOT NULL, older_until DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connectors PRIMARY KEY (id), 
	CONSTRAINT fk_connectors_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT
);
CREATE TABLE cors_rules (
	application VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	origins TEXT NOT NULL, 
	methods TEXT NOT NULL, 
	headers TEXT NOT NULL, 
	exposed TEXT NOT NULL, 
	credentials BOOLEAN NOT NULL, 
	max_age INTEGER NOT NULL, 
	CONSTRAINT pk_cors_rules PRIMARY KEY (application, host, path), 
	CONSTRAINT fk_cors_rules_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "cors_rules" VALUES('14188af6cb58af16','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE device_answers (
	id VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_device_answers PRIMARY KEY (id), 
	CONSTRAINT fk_device_answers_authority FOREIGN KEY(authority) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE device_authorities (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	certificates TEXT NOT NULL, 
	lists TEXT NOT NULL, 
	revoked TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, editions TEXT DEFAULT '{}' NOT NULL, crl_urls TEXT DEFAULT '[]' NOT NULL, ocsp TEXT DEFAULT '[]' NOT NULL, ocsp_soft BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_device_authorities PRIMARY KEY (id), 
	CONSTRAINT uq_device_authorities_name_key UNIQUE (name_key)
);
CREATE TABLE device_codes (
	id VARCHAR(64) NOT NULL, 
	user_code VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	session TEXT NOT NULL, 
	denied BOOLEAN NOT NULL, 
	polled DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, asked TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_device_codes PRIMARY KEY (id), 
	CONSTRAINT uq_device_codes_user_code UNIQUE (user_code), 
	CONSTRAINT fk_device_codes_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE
);
CREATE TABLE device_list_fetches (
	id VARCHAR(64) NOT NULL, 
	due DOUBLE NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	fetched DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_device_list_fetches PRIMARY KEY (id), 
	CONSTRAINT fk_device_list_fetches_id FOREIGN KEY(id) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE device_revocations (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_device_revocations PRIMARY KEY (id)
);
CREATE TABLE device_statuses (
	id VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	issuer VARCHAR(64) NOT NULL, 
	serial VARCHAR(64) NOT NULL, 
	url TEXT NOT NULL, 
	revoked BOOLEAN NOT NULL, 
	begins DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	due DOUBLE NOT NULL, 
	proved DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_device_statuses PRIMARY KEY (id), 
	CONSTRAINT fk_device_statuses_authority FOREIGN KEY(authority) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE devices (
	id VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	days INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	link_hash VARCHAR(64) NOT NULL, 
	link_until DOUBLE NOT NULL, 
	password BLOB NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	number VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	revoked DOUBLE NOT NULL, 
	CONSTRAINT pk_devices PRIMARY KEY (id), 
	CONSTRAINT fk_devices_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE directories (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	place INTEGER NOT NULL, 
	bind_password BLOB NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_directories PRIMARY KEY (id), 
	CONSTRAINT uq_directories_name_key UNIQUE (name_key)
);
CREATE TABLE directory_groups (
	group_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_directory_groups PRIMARY KEY (group_id), 
	CONSTRAINT fk_directory_groups_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_groups_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_groups_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE directory_users (
	user_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	password_mark VARCHAR(128) NOT NULL, 
	checked DOUBLE NOT NULL, 
	CONSTRAINT pk_directory_users PRIMARY KEY (user_id), 
	CONSTRAINT fk_directory_users_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_users_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_users_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','14188af6cb58af16');
INSERT INTO "external_urls" VALUES('status.example.com','/','938c46c8cba68494');
INSERT INTO "external_urls" VALUES('sales.example.com','/','be44eb2a8595f1b9');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','14188af6cb58af16');
CREATE TABLE idempotent_answers (
	id VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	answer BLOB NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_idempotent_answers PRIMARY KEY (id)
);
CREATE TABLE join_tokens (
	id VARCHAR(64) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	uses INTEGER NOT NULL, 
	uses_left INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, allowed_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_join_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_join_tokens_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE
);
INSERT INTO "join_tokens" VALUES('b77f50e8f5c0afa8','bf241377660986cf08c31004710af8122787e0e18df1cba6187624ffa39ee96d','default',1,1,1.79607716427856874468e+09,1.79608076427856874464e+09,'');
INSERT INTO "join_tokens" VALUES('3f73173aaa99841e','c71288207f1e9ab149f1917f6752b731fd94f3de08132c0dec2c194a7ec4f418','07d3b65eb00c7601',3,3,1.79607720983787035942e+09,1.79608080983787035938e+09,'');
CREATE TABLE kept_forms (
	id VARCHAR(64) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	place VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	expires DOUBLE NOT NULL, 
	form BLOB NOT NULL, 
	CONSTRAINT pk_kept_forms PRIMARY KEY (id)
);
CREATE TABLE leaves (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_leaves PRIMARY KEY (id), 
	CONSTRAINT fk_leaves_authority FOREIGN KEY(authority) REFERENCES authorities (id) ON DELETE CASCADE
);
INSERT INTO "leaves" VALUES('2cd768d73c038fca','connector','11688fb540738c8b','-----BEGIN CERTIFICATE-----
MIIB4jCCAYigAwIBAgIQYYyYWKrSA7bcQpvGOwTlKDAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGIwMzhiODBiMmFkMjFmNjkwHhcN
MjYxMTI5MjIxOTIzWhcNMjcxMTMwMjIxOTIzWjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPPgg7x9YZDCo
oyR5zhm1gGyUiCPXQqI3mtTjQGIVtnMTXlutao3krnVtInF0lXl6bdjtm5QCxK7F
P58g2LYASaOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBRB3TWBwgeFLiRe+oS1/13pHg9USTAfBgNVHSMEGDAWgBTu8A2P
iyePhx7o5k0MuMgrbp2laDAKBggqhkjOPQQDAgNIADBFAiEAxItaEAu96X/7mswn
oGU5QmetRPTfOWykbdj/Jk48OOsCICtKefsEoMXAhlTzathQ47gRkaUom4l3GCkc
nxLCkadl
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQaa5ce9VcjtZiYDKpkwzGbjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGIwMzhiODBiMmFkMjFmNjkwHhcN
MjYxMTI5MjIxOTIzWhcNMzYxMTMwMTAxOTIzWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGIwMzhiODBiMmFkMjFmNjkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARVJcDVZKfjBMoQBIxcUi45pfu0lk5/L4sv7Vth0W2YXuXjups6Vudg
LDUx6cjzwoUW+cHOz44sp7tHnPNng01lo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU7vANj4snj4ce6OZNDLjIK26dpWgw
CgYIKoZIzj0EAwIDSAAwRQIgcbY+ZRPOAR/eQ3mn3qiTGI+hjAwdnZTVsyfZ9gZ6
LK8CIQDmhocQVv0ZgbYu4wTaHS2nopo0B/5sEqW48KAqkYRREQ==
-----END CERTIFICATE-----
',X'7331F9DBA1B4DD6C79D13667148C90924D297BF604DEE7D65EFCC114EA595989818C78618CE497DAECAB924423318976D42C410785A51C1F59692C825B3E70A942DF10EB03F5F0262D0A9C34B856D19B85D9FD7994EBA16491C5383C6748EF79F3AC8FC240462297D7818CB0A617C9826916326D5F70427758867B739B66908C6938F3EDD5235470E6894811961320D1E7F0F4DCC8E2F2431BCF068B7103C4F1C64C97EA2E3EEB59704C9E0AB8C054AFEF59C56DFC75C89816E22A3B3D06639AF2C3E1C4C12D6BCB0A2F606ED141B7EB493E4C00604CE1CFC1E1FEF47C679F6878C855D08417FAA0811A8DF6DEC20F23A3DF7A01026BE8D86F632F5880087F99EC6C73439436FBA1DF675CB1769276BB36EE40',1.79607716301632833483e+09,1827613163.0);
INSERT INTO "leaves" VALUES('b6d75db611901cf1','user','dbe565090e3c0b80','-----BEGIN CERTIFICATE-----
MIIB4jCCAYegAwIBAgIPDNSjKuVSTvtI2Y39zmEqMAoGCCqGSM49BAMCMDAxLjAs
BgNVBAMMJWFwcHByb3h5IGV4YW1wbGUuY29tIGIwMzhiODBiMmFkMjFmNjkwHhcN
MjYxMTI5MjIxOTIzWhcNMjcxMTMwMjIxOTIzWjAWMRQwEgYDVQQDDAtleGFtcGxl
LmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDEyXAvq4GT0RAGVE26pipI5
3T6SfUpDDwpVdL5zU07pgGSVWqpihjwAmV1oBrycuAdv+FYMC491oypDk9AWyF6j
gZ0wgZowDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYI
KwYBBQUHAwEwJQYDVR0RBB4wHIILZXhhbXBsZS5jb22CDSouZXhhbXBsZS5jb20w
HQYDVR0OBBYEFLauEvr3+U7MVMSNOnYwhCx2MoOkMB8GA1UdIwQYMBaAFJSDhEM1
qn2vzqRYGr9ooz15Or17MAoGCCqGSM49BAMCA0kAMEYCIQDyE8IWg2f6k4/WAaxj
3MHPkzuTqW28GFO527paFn0AxAIhALJzUNAUsH5r6ajBBWjlayi6CUJC5r4aW1M9
s7V+Wyk2
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQPXUxmD7eQblf/NXGWWUjfTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBiMDM4YjgwYjJhZDIxZjY5MB4X
DTI2MTEyOTIyMTkyM1oXDTM2MTEzMDEwMTkyM1owMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYjAzOGI4MGIyYWQyMWY2OTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCRnzbeVWUYPPdUtfjGIEFSmDj8rZlVIzcu6nG05CqFFJZtfcBEb
OZiB6y1xID9lRBw46KJjDvIkr/OiwOuaQHujZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSUg4RDNap9r86kWBq/aKM9eTq9
ezAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANMI2kWUTlePUBQ6qXIkEGik/mKrPsx9DpaWk74avpdgAiBBuh7NAFYnGyhH
6b9ZjaiB3jK5IWmy1u4P6FL1SyZuyA==
-----END CERTIFICATE-----
',X'7331F9DBA1B4F1B8123464F0617751C2795AA602C45993A42EA159692D9AAF31CA6D1B94968E91E6226D73346265B699B2116C5FA33D579C0C292E5EE2CDF602B92882E3F979B378BC1DE5261BF43166CE9B6D5FFAE948DE9687076AE5FEC0DED96B86CB869176E482CC5E544F549E0A052BD01BDDCD79A32D9DC4C41A7E87AA39CCFC9587046E7A1B1D0DEBE9F21871FBED5CAE871B3C86665B8FD2BB46A220369CF6AB5BEE6E6F9FD6F7926F8735E43321EB39F538C2EA83166354D5BE6875C83E2754FF05DA70BAF5E7617CA3B607236A1D7450FCA75B0F7A27889892EE2D68ADAF64546157979A21556C95719C408F8D2F58155A24E5845DA613A1ECFEB2DD147A0FC53BEE41D5B43625674C4B7BA51BA7',1.79607716301632833483e+09,1827613163.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'7331F9DBA1B4142AB440CAEB92B15712E26E99779D01739F26615CFD8A3A57B953A4FC068D3410FB6544');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('c3933f82eeea6a00','8ef669925e51acb7');
INSERT INTO "memberships" VALUES('080b54dfcf378187','8ef669925e51acb7');
CREATE TABLE native_client_applications (
	client VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_native_client_applications PRIMARY KEY (client, application), 
	CONSTRAINT fk_native_client_applications_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_client_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "native_client_applications" VALUES('cb0c998fad029a3c','14188af6cb58af16');
CREATE TABLE native_clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, device_codes BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_native_clients PRIMARY KEY (id), 
	CONSTRAINT uq_native_clients_name_key UNIQUE (name_key)
);
INSERT INTO "native_clients" VALUES('cb0c998fad029a3c','tools','tools','["http://127.0.0.1/callback"]',1.79607724924670934677e+09,0);
CREATE TABLE native_grants (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	methods TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, family_hash VARCHAR(64) DEFAULT '' NOT NULL, risk VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_native_grants PRIMARY KEY (id), 
	CONSTRAINT fk_native_grants_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_grants_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE node_tokens (
	id VARCHAR(64) NOT NULL, 
	bundle TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	used_by VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_node_tokens PRIMARY KEY (id)
);
CREATE TABLE nodes (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	directory TEXT NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	started DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	beats BIGINT NOT NULL, 
	CONSTRAINT pk_nodes PRIMARY KEY (id)
);
CREATE TABLE not_before (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	time DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_not_before PRIMARY KEY (provider, subject)
);
CREATE TABLE one_time (
	id VARCHAR(255) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_one_time PRIMARY KEY (id)
);
CREATE TABLE passkeys (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	credential VARCHAR(1364) NOT NULL, 
	public_key TEXT NOT NULL, 
	sign_count BIGINT NOT NULL, 
	transports VARCHAR(128) NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_passkeys PRIMARY KEY (id), 
	CONSTRAINT uq_passkeys_credential UNIQUE (credential), 
	CONSTRAINT fk_passkeys_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE password_attempts (
	number INTEGER NOT NULL, 
	process VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	network VARCHAR(128) NOT NULL, 
	block VARCHAR(128) NOT NULL, 
	succeeded BOOLEAN NOT NULL, 
	CONSTRAINT pk_password_attempts PRIMARY KEY (number)
);
CREATE TABLE password_links (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_password_links PRIMARY KEY (id), 
	CONSTRAINT fk_password_links_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE policy_documents (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	document TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	groups_since DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_policy_documents PRIMARY KEY (id), 
	CONSTRAINT uq_policy_documents_kind_name_key UNIQUE (kind, name_key)
);
CREATE TABLE policy_results (
	day BIGINT NOT NULL, 
	policy VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	does VARCHAR(64) NOT NULL, 
	amount BIGINT NOT NULL, 
	last DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	because VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_policy_results PRIMARY KEY (day, policy, provider, subject, application, does), 
	CONSTRAINT fk_policy_results_policy FOREIGN KEY(policy) REFERENCES policy_documents (id) ON DELETE CASCADE
);
CREATE TABLE providers (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	issuer TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret BLOB NOT NULL, 
	scopes TEXT NOT NULL, 
	groups_claim VARCHAR(255) NOT NULL, 
	algorithms TEXT NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, pushed_requests VARCHAR(16) DEFAULT 'auto' NOT NULL, session_hours DOUBLE DEFAULT '12' NOT NULL, idle_minutes DOUBLE DEFAULT '240' NOT NULL, fetch_groups BOOLEAN DEFAULT 0 NOT NULL, kind VARCHAR(64) DEFAULT 'oidc' NOT NULL, settings TEXT DEFAULT '{}' NOT NULL, secret_changed DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'7331F9DBA1B4E82BF3572B65407DB32B0FCB59096BF88596062C6E8F6E7DB90758926229FD50DE652CD385AA5FF0E4963186F64918E31A2689CBC75BDEDBF5F0A55E4646DF224148A46EA20DBECEF49870DBA1FF9CC56064F826E045E9BFBFE01CA6','openid profile email','groups','ES256','','auto',12.0,240.0,0,'builtin','{}',1.79607716301632833483e+09);
INSERT INTO "providers" VALUES('8f23f47b9dcdde2d','corp','corp','https://login.corp.example/','appproxy',X'7331F9DBA1B46D4BDD727A1359C8F955DA8A448497E814CD8951A0C8776165233940840AD7010AD396DFF4DC37E0B5','openid profile email','groups','RS256 ES256','','auto',12.0,240.0,0,'oidc','{}',1.79607721615851736061e+09);
CREATE TABLE rate_uses (
	node VARCHAR(64) NOT NULL, 
	beat BIGINT NOT NULL, 
	uses TEXT NOT NULL, 
	CONSTRAINT pk_rate_uses PRIMARY KEY (node, beat)
);
CREATE TABLE recovery_codes (
	user_id VARCHAR(64) NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (user_id, code_hash), 
	CONSTRAINT fk_recovery_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE refused_codes (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	origin VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_refused_codes PRIMARY KEY (id), 
	CONSTRAINT fk_refused_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE revisions (
	part VARCHAR(128) NOT NULL, 
	revision BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (part)
);
INSERT INTO "revisions" VALUES('all',14);
INSERT INTO "revisions" VALUES('authorities',1);
INSERT INTO "revisions" VALUES('connector_groups',2);
INSERT INTO "revisions" VALUES('providers',7);
INSERT INTO "revisions" VALUES('sealing_keys',1);
INSERT INTO "revisions" VALUES('settings',1);
INSERT INTO "revisions" VALUES('applications',8);
INSERT INTO "revisions" VALUES('assignments',9);
INSERT INTO "revisions" VALUES('segments',10);
INSERT INTO "revisions" VALUES('cors_rules',11);
INSERT INTO "revisions" VALUES('clients',12);
INSERT INTO "revisions" VALUES('native_client_applications',13);
INSERT INTO "revisions" VALUES('native_clients',13);
INSERT INTO "revisions" VALUES('role_assignments',14);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE risk_counts (
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(128) NOT NULL, 
	amount DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_risk_counts PRIMARY KEY (kind, value)
);
CREATE TABLE risk_failures (
	network VARCHAR(64) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	hour BIGINT NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_risk_failures PRIMARY KEY (network, subject, hour)
);
CREATE TABLE risk_sign_ins (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	time DOUBLE NOT NULL, 
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	country VARCHAR(64) NOT NULL, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	browser VARCHAR(128) NOT NULL, 
	system VARCHAR(128) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	step VARCHAR(64) NOT NULL, 
	new_device INTEGER NOT NULL, 
	score DOUBLE NOT NULL, 
	level VARCHAR(64) NOT NULL, 
	parts TEXT NOT NULL, 
	outcome VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_risk_sign_ins PRIMARY KEY (id)
);
CREATE TABLE risky_users (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	medium_until DOUBLE NOT NULL, 
	high_until DOUBLE NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_risky_users PRIMARY KEY (provider, subject)
);
CREATE TABLE role_assignments (
	id VARCHAR(64) NOT NULL, 
	role VARCHAR(64) NOT NULL, 
	provider VARCHAR(64), 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	application VARCHAR(64), 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, entitlement VARCHAR(64) DEFAULT '' NOT NULL, through VARCHAR(255) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_role_assignments PRIMARY KEY (id), 
	CONSTRAINT fk_role_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_role_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "role_assignments" VALUES('384b92e68d6281b6','help-desk','builtin','group','8ef669925e51acb7',NULL,1.79607725432389950747e+09,0.0,'','');
CREATE TABLE role_entitlements (
	id VARCHAR(64) NOT NULL, 
	role VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	application VARCHAR(64), 
	longest DOUBLE NOT NULL, 
	approval BOOLEAN NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_role_entitlements PRIMARY KEY (id), 
	CONSTRAINT fk_role_entitlements_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_role_entitlements_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE role_requests (
	id VARCHAR(64) NOT NULL, 
	entitlement VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	decider TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	ends DOUBLE NOT NULL, 
	CONSTRAINT pk_role_requests PRIMARY KEY (id), 
	CONSTRAINT fk_role_requests_entitlement FOREIGN KEY(entitlement) REFERENCES role_entitlements (id) ON DELETE CASCADE
);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'7331F9DBA1B4A979070B7660C555B297CC71851FF29BE07D464D973824F383C1F68824725DCBD35FAD170FD6BC469067EC722EB57FCE0D26D0E880C831490668D4A2',1.79607716301632833483e+09);
CREATE TABLE second_factor_rules (
	id VARCHAR(64) NOT NULL, 
	user_group VARCHAR(64), 
	since DOUBLE NOT NULL, 
	grace DOUBLE NOT NULL, 
	CONSTRAINT pk_second_factor_rules PRIMARY KEY (id), 
	CONSTRAINT uq_second_factor_rules_user_group UNIQUE (user_group), 
	CONSTRAINT fk_second_factor_rules_user_group FOREIGN KEY(user_group) REFERENCES user_groups (id) ON DELETE CASCADE
);
CREATE TABLE segments (
	id VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	external TEXT NOT NULL, 
	internal TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_segments PRIMARY KEY (id), 
	CONSTRAINT fk_segments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "segments" VALUES('9146214ecf34dfd7','14188af6cb58af16','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607723426356220243e+09);
CREATE TABLE service_token_applications (
	token VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_applications PRIMARY KEY (token, application), 
	CONSTRAINT fk_service_token_applications_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_token_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE service_token_uses (
	token VARCHAR(64) NOT NULL, 
	used DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_uses PRIMARY KEY (token), 
	CONSTRAINT fk_service_token_uses_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE
);
CREATE TABLE service_tokens (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	networks TEXT NOT NULL, 
	claims TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_service_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_service_tokens_name_key UNIQUE (name_key)
);
CREATE TABLE session_applications (
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_session_applications PRIMARY KEY (session, application), 
	CONSTRAINT fk_session_applications_session FOREIGN KEY(session) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	issuer TEXT NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	sid VARCHAR(255) NOT NULL, 
	began DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	client VARCHAR(255) NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	amr TEXT NOT NULL, 
	acr VARCHAR(255) NOT NULL, 
	id_token BLOB NOT NULL, 
	refresh_token BLOB NOT NULL, 
	claims BLOB NOT NULL, 
	refresh_at DOUBLE NOT NULL, 
	refreshes INTEGER NOT NULL, 
	lease_until DOUBLE NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id)
);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','b038b80b2ad21f69');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE sign_out_notices (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	tries INTEGER NOT NULL, 
	due DOUBLE NOT NULL, 
	CONSTRAINT pk_sign_out_notices PRIMARY KEY (id), 
	CONSTRAINT fk_sign_out_notices_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('ab47695b3d397335',X'7331F9DBA1B4A3C422A359C89DB3A3602EE1A0EE375BF5878B663B2CA75C0CFC3A05BFA90527FD170AB2A0A377AEE52904C6F2143194436116C7B47D05B628555686C823069DD0EB4D274A344189190294FD089828E005B37F08DEEC447589E405E2C2C6869840869D423C6ABB811ACFF433B62310708930EABFF9CF6CECB86F5CF42AFCEC8EDC7B3593C09E21D59846BD2D18B52DF9F1FD675E361273012D71464D75B07AAB4E80DB7DA2F06CDC43BE59FE2A59E61558944C9CEF46FF01FED53300B3D0E4373816BE987445590A47A8B85492489477A7EDEA7F16901A55290A3D06727DF8B43DEB57476BA4C0C7FA565268C0070AFB1B0369DFD03606CAFBE4CB0D244C1378ABABC1E9CA6A0615D8B31F474C',1.79607716301632833483e+09);
CREATE TABLE update_leases (
	connector_group VARCHAR(64) NOT NULL, 
	connector VARCHAR(64) NOT NULL, 
	begun DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_update_leases PRIMARY KEY (connector_group), 
	CONSTRAINT fk_update_leases_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_update_leases_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('8ef669925e51acb7','staff','staff');
CREATE TABLE users (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	display_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created DOUBLE NOT NULL, 
	credentials_changed DOUBLE NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_name UNIQUE (name)
);
INSERT INTO "users" VALUES('c3933f82eeea6a00','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$Bl02MyUAP8DNYZ2HSTbc7w$lPrN1q8BhNInUmi899Ad9ImeaAGIOnEMhj+9XwHOZRc',0,1.79607718350870394709e+09,1.79607718350870394709e+09);
INSERT INTO "users" VALUES('080b54dfcf378187','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$kXruA2HLowdxwKJBpiJP9w$mevLSxSHMyC4bU8lyAYpavqIMQrHrQYtZhxLj6w/grA',0,1796077189.97825,1796077189.97825);
CREATE TABLE waiting_machines (
	id VARCHAR(64) NOT NULL, 
	user_code VARCHAR(64) NOT NULL, 
	purpose VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	connector_group TEXT NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	session TEXT NOT NULL, 
	denied BOOLEAN NOT NULL, 
	polled DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_waiting_machines PRIMARY KEY (id), 
	CONSTRAINT uq_waiting_machines_user_code UNIQUE (user_code)
);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
CREATE INDEX ix_audit_time ON audit (time);
CREATE INDEX ix_applications_provider ON applications (provider);
CREATE INDEX ix_applications_connector_group ON applications (connector_group);
CREATE INDEX ix_memberships_group_id ON memberships (group_id);
CREATE INDEX ix_join_tokens_connector_group ON join_tokens (connector_group);
CREATE INDEX ix_join_tokens_expires ON join_tokens (expires);
CREATE INDEX ix_connectors_connector_group ON connectors (connector_group);
CREATE INDEX ix_leaves_authority ON leaves (authority);
CREATE INDEX ix_segments_application ON segments (application);
CREATE INDEX ix_external_urls_application ON external_urls (application);
CREATE INDEX ix_acme_challenges_expires ON acme_challenges (expires);
CREATE INDEX ix_not_before_expires ON not_before (expires);
CREATE INDEX ix_authenticator_apps_user_id ON authenticator_apps (user_id);
CREATE INDEX ix_passkeys_user_id ON passkeys (user_id);
CREATE INDEX ix_refused_codes_user_id ON refused_codes (user_id);
CREATE INDEX ix_refused_codes_time ON refused_codes (time);
CREATE INDEX ix_password_links_user_id ON password_links (user_id);
CREATE INDEX ix_password_links_expires ON password_links (expires);
CREATE INDEX ix_sessions_expires ON sessions (expires);
CREATE INDEX ix_sessions_provider_subject ON sessions (provider, subject);
CREATE INDEX ix_sessions_provider_sid ON sessions (provider, sid);
CREATE INDEX ix_service_tokens_expires ON service_tokens (expires);
CREATE INDEX ix_service_token_applications_application ON service_token_applications (application);
CREATE INDEX ix_application_providers_provider ON application_providers (provider);
CREATE INDEX ix_client_keys_provider ON client_keys (provider);
CREATE INDEX ix_kept_forms_owner ON kept_forms (owner);
CREATE INDEX ix_kept_forms_expires ON kept_forms (expires);
CREATE INDEX ix_native_client_applications_application ON native_client_applications (application);
CREATE INDEX ix_native_grants_client ON native_grants (client);
CREATE INDEX ix_native_grants_user ON native_grants (user);
CREATE INDEX ix_native_grants_expires ON native_grants (expires);
CREATE INDEX ix_device_codes_client ON device_codes (client);
CREATE INDEX ix_device_codes_expires ON device_codes (expires);
CREATE INDEX ix_role_assignments_provider ON role_assignments (provider);
CREATE INDEX ix_role_assignments_application ON role_assignments (application);
CREATE INDEX ix_client_sessions_sid ON client_sessions (sid);
CREATE INDEX ix_client_sessions_user ON client_sessions (user);
CREATE INDEX ix_client_sessions_began ON client_sessions (began);
CREATE INDEX ix_sign_out_notices_client ON sign_out_notices (client);
CREATE INDEX ix_sign_out_notices_due ON sign_out_notices (due);
CREATE INDEX ix_idempotent_answers_expires ON idempotent_answers (expires);
CREATE INDEX ix_node_tokens_expires ON node_tokens (expires);
CREATE INDEX ix_password_attempts_time ON password_attempts (time);
CREATE INDEX ix_connector_places_node ON connector_places (node);
CREATE INDEX ix_risk_sign_ins_time ON risk_sign_ins (time);
CREATE INDEX ix_risk_sign_ins_address ON risk_sign_ins (address);
CREATE INDEX ix_risk_sign_ins_provider ON risk_sign_ins (provider, subject);
CREATE INDEX ix_risk_counts_seen ON risk_counts (seen);
CREATE INDEX ix_risk_failures_subject ON risk_failures (subject);
CREATE INDEX ix_risk_failures_hour ON risk_failures (hour);
CREATE INDEX ix_devices_user ON devices (user);
CREATE INDEX ix_devices_link_hash ON devices (link_hash);
CREATE INDEX ix_device_revocations_expires ON device_revocations (expires);
CREATE INDEX ix_role_assignments_entitlement ON role_assignments (entitlement);
CREATE INDEX ix_waiting_machines_expires ON waiting_machines (expires);
CREATE INDEX ix_command_lines_expires ON command_lines (expires);
CREATE INDEX ix_role_entitlements_provider ON role_entitlements (provider);
CREATE INDEX ix_role_entitlements_application ON role_entitlements (application);
CREATE INDEX ix_role_requests_entitlement ON role_requests (entitlement);
CREATE INDEX ix_role_requests_ends ON role_requests (ends);
CREATE INDEX ix_policy_results_policy ON policy_results (policy);
CREATE INDEX ix_client_grants_client ON client_grants (client);
CREATE INDEX ix_client_grants_user ON client_grants (user);
CREATE INDEX ix_client_grants_sid ON client_grants (sid);
CREATE INDEX ix_client_grants_expires ON client_grants (expires);
CREATE INDEX ix_device_statuses_authority ON device_statuses (authority);
CREATE INDEX ix_device_statuses_due ON device_statuses (due);
CREATE INDEX ix_device_statuses_proved ON device_statuses (proved);
CREATE INDEX ix_device_answers_authority ON device_answers (authority);
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "application_providers" VALUES('14188af6cb58af16','8f23f47b9dcdde2d',4238);
INSERT INTO "authenticator_apps" VALUES('authenticator_apps.id','080b54dfcf378187','authenticator_apps.label',X'61757468656E74696361746F725F617070732E736563726574',1064,1782866294.5,1782865051.25);
INSERT INTO "break_glass" VALUES('8f23f47b9dcdde2d','break_glass.subject');
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "client_grants" VALUES('client_grants.id','01b73d7f4a700471','080b54dfcf378187','client_grants.sid','client_grants.scope',1782866185.25,'client_grants.methods','client_grants.secret_hash','client_grants.former_hash','client_grants.family_hash',1782865938.5,1782864352.75);
INSERT INTO "client_keys" VALUES('client_keys.id','client_keys.type','8f23f47b9dcdde2d',X'636C69656E745F6B6579732E6B6579','client_keys.certificate',1782864672.5,1);
INSERT INTO "client_sessions" VALUES('01b73d7f4a700471','client_sessions.sid','client_sessions.user',1782864970.75,1782864518.25);
INSERT INTO "command_lines" VALUES('command_lines.id','command_lines.session','command_lines.secret_hash','command_lines.former_hash','command_lines.family_hash',1782864317.5,1782865859.75);
INSERT INTO "connector_places" VALUES('connectors.id','connector_places.node',1782864041.25);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address',1782864561.75);
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','07d3b65eb00c7601','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "device_answers" VALUES('device_answers.id','device_authorities.id',1782864236.25);
INSERT INTO "device_authorities" VALUES('device_authorities.id','device_authorities.name','device_authorities.name_key','device_authorities.certificates','device_authorities.lists','device_authorities.revoked',1782864656.75,1782864188.25,'device_authorities.editions','device_authorities.crl_urls','device_authorities.ocsp',0);
INSERT INTO "device_codes" VALUES('device_codes.id','device_codes.user_code','cb0c998fad029a3c','device_codes.scope','device_codes.audience','device_codes.session',0,1782864362.5,1782865165.5,'device_codes.asked');
INSERT INTO "device_list_fetches" VALUES('device_authorities.id',1782864164.5,'device_list_fetches.owner',1782865169.0,1782865442.25,9803,'device_list_fetches.problem');
INSERT INTO "device_revocations" VALUES('device_revocations.id',1782864851.75);
INSERT INTO "device_statuses" VALUES('device_statuses.id','device_authorities.id','device_statuses.issuer','device_statuses.serial','device_statuses.url',1,1782864729.0,1782865144.0,1782865367.25,1782866330.0,322,'device_statuses.problem');
INSERT INTO "devices" VALUES('devices.id','080b54dfcf378187','devices.name',424,1782865807.0,'devices.link_hash',1782864710.25,X'646576696365732E70617373776F7264','devices.fingerprint','devices.number',1782866165.0,1782864606.25);
INSERT INTO "directories" VALUES('directories.id','directories.name','directories.name_key',9196,X'6469726563746F726965732E62696E645F70617373776F7264','{}',1782866165.5);
INSERT INTO "directory_groups" VALUES('8ef669925e51acb7','directories.id','directory_groups.subject');
INSERT INTO "directory_users" VALUES('080b54dfcf378187','directories.id','directory_users.subject','directory_users.password_mark',1782865725.5);
INSERT INTO "idempotent_answers" VALUES('idempotent_answers.id','idempotent_answers.fingerprint',X'6964656D706F74656E745F616E73776572732E616E73776572',1782865339.75);
INSERT INTO "kept_forms" VALUES('kept_forms.id','kept_forms.owner','kept_forms.place',6021,1782864448.5,X'6B6570745F666F726D732E666F726D');
INSERT INTO "native_grants" VALUES('native_grants.id','cb0c998fad029a3c','080b54dfcf378187','native_grants.scope','native_grants.audience',1782866185.5,'native_grants.methods','native_grants.secret_hash','native_grants.former_hash',1782865813.75,1782865771.5,'native_grants.family_hash','native_grants.risk');
INSERT INTO "node_tokens" VALUES('node_tokens.id','node_tokens.bundle',1782864450.5,1782865979.5,1782865850.25,'node_tokens.used_by');
INSERT INTO "nodes" VALUES('nodes.id','nodes.name','nodes.directory','nodes.address','nodes.version',1782865942.75,1782865179.25,2775);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "passkeys" VALUES('passkeys.id','080b54dfcf378187','passkeys.label','passkeys.credential','passkeys.public_key',2695,'passkeys.transports',1782865979.75,1782865154.0);
INSERT INTO "password_attempts" VALUES(4692,'password_attempts.process',1782865577.0,'password_attempts.name','password_attempts.device','password_attempts.network','password_attempts.block',0);
INSERT INTO "password_links" VALUES('password_links.id','080b54dfcf378187','password_links.kind',1782864079.5,1782865930.5);
INSERT INTO "policy_documents" VALUES('policy_documents.id','policy_documents.kind','policy_documents.name','policy_documents.name_key','{}',4344,1782865973.0,1782865188.75,1782864496.25);
INSERT INTO "policy_results" VALUES(9194,'policy_documents.id','policy_results.provider','policy_results.subject','policy_results.application','policy_results.does',9954,1782864961.5,'policy_results.address','policy_results.because');
INSERT INTO "rate_uses" VALUES('rate_uses.node',9745,'rate_uses.uses');
INSERT INTO "recovery_codes" VALUES('080b54dfcf378187','recovery_codes.code_hash');
INSERT INTO "refused_codes" VALUES('refused_codes.id','080b54dfcf378187','refused_codes.origin',1782864284.0);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
INSERT INTO "risk_counts" VALUES('risk_counts.kind','risk_counts.value',1782864354.25,1782864679.0);
INSERT INTO "risk_failures" VALUES('risk_failures.network','risk_failures.subject',2626,2725);
INSERT INTO "risk_sign_ins" VALUES('risk_sign_ins.id','risk_sign_ins.provider','risk_sign_ins.subject','risk_sign_ins.name',1782865531.75,'risk_sign_ins.session','risk_sign_ins.application','risk_sign_ins.address','risk_sign_ins.country',1782865570.75,1782864280.0,'risk_sign_ins.browser','risk_sign_ins.system','risk_sign_ins.device','risk_sign_ins.step',4520,1782864306.25,'risk_sign_ins.level','risk_sign_ins.parts','risk_sign_ins.outcome','risk_sign_ins.state');
INSERT INTO "risky_users" VALUES('risky_users.provider','risky_users.subject','risky_users.name',1782864425.25,1782864499.0,1,1782866491.0);
INSERT INTO "role_entitlements" VALUES('role_entitlements.id','role_entitlements.role','8f23f47b9dcdde2d','ntitlements.kind','role_entitlements.value','14188af6cb58af16',1782864979.5,0,1782865670.75,1782864607.75);
INSERT INTO "role_requests" VALUES('role_requests.id','role_entitlements.id','role_requests.provider','role_requests.subject','role_requests.name','role_requests.reason',1782864863.25,'e_requests.state','role_requests.decider',1782864688.75,1782864443.25);
INSERT INTO "second_factor_rules" VALUES('second_factor_rules.id','8ef669925e51acb7',1782865920.25,1782865996.0);
INSERT INTO "service_token_applications" VALUES('service_tokens.id','14188af6cb58af16');
INSERT INTO "service_token_uses" VALUES('service_tokens.id',1782865826.0,'service_token_uses.address');
INSERT INTO "service_tokens" VALUES('service_tokens.id','service_tokens.name','service_tokens.name_key','service_tokens.secret_hash','service_tokens.former_hash',1782865836.0,'service_tokens.networks','{}',1782865658.25,1782865425.0,1782865311.25);
INSERT INTO "session_applications" VALUES('sessions.id','session_applications.application');
INSERT INTO "sessions" VALUES('sessions.id','sessions.provider','sessions.subject','sessions.issuer','sessions.name','sessions.sid',1782865253.0,1782864017.75,1782865336.0,1782866145.5,'sessions.address','sessions.client',1782864900.25,'sessions.amr','sessions.acr',X'73657373696F6E732E69645F746F6B656E',X'73657373696F6E732E726566726573685F746F6B656E',X'73657373696F6E732E636C61696D73',1782865281.75,8676,1782864545.75);
INSERT INTO "sign_out_notices" VALUES('sign_out_notices.id','01b73d7f4a700471','sign_out_notices.user','sign_out_notices.sid',4737,1782864037.0);
INSERT INTO "update_leases" VALUES('07d3b65eb00c7601','connectors.id',1782864997.0,1782864631.75);
INSERT INTO "waiting_machines" VALUES('waiting_machines.id','waiting_machines.user_code','waiting_machines.purpose','waiting_machines.name','waiting_machines.connector_group','waiting_machines.address','waiting_machines.session',1,1782864710.25,1782865899.25,1782864858.25);
