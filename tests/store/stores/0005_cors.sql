-- master key e1ae783429784a2c54f7463dbf2a4d4161dea87ae9b759020faa04d0cae42173
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
INSERT INTO "alembic_version" VALUES('cors');
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
INSERT INTO "applications" VALUES('e82932deacab2d1d','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','2d9faab277fdf845','builtin','{"backend_timeout": "120"}',1.79607134864040899279e+09);
INSERT INTO "applications" VALUES('a252e23508303069','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607135166024041179e+09);
INSERT INTO "applications" VALUES('53cdceae915993fb','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','f48ebac5abcd6950','{}',1.79607136827973127364e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('e82932deacab2d1d','builtin','group','f2c942c8ac7123c2');
INSERT INTO "assignments" VALUES('53cdceae915993fb','f48ebac5abcd6950','user','5f2b7c');
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607134561511087422e+09,'local:0','connector_group.add','2d9faab277fdf845','{"id": "2d9faab277fdf845", "name": "lab", "needs_approval": true}');
INSERT INTO "audit" VALUES(2,1.79607134864040899279e+09,'local:0','application.publish','e82932deacab2d1d','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "e82932deacab2d1d", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(3,1.79607135166024041179e+09,'local:0','application.publish','a252e23508303069','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "a252e23508303069", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(4,1.79607135378014659879e+09,'local:0','application.set','e82932deacab2d1d','{"name": "wiki", "settings": {"backend_timeout": "120"}}');
INSERT INTO "audit" VALUES(5,1.79607135575235319141e+09,'local:0','user.add','75dceea358e5a8b3','{"groups": ["staff"], "name": "alice"}');
INSERT INTO "audit" VALUES(6,1.7960713582926545143e+09,'local:0','user.add','1c2e3317b0aa2034','{"groups": [], "name": "bob"}');
INSERT INTO "audit" VALUES(7,1.79607136038548660279e+09,'local:0','user.add_to_group','1c2e3317b0aa2034','{"group": "staff", "name": "bob"}');
INSERT INTO "audit" VALUES(8,1.79607136251952695851e+09,'local:0','application.assign','e82932deacab2d1d','{"group": "staff", "name": "wiki", "provider": "builtin", "value": "f2c942c8ac7123c2"}');
INSERT INTO "audit" VALUES(9,1.79607136402793097496e+09,'local:0','connector.token','e30cbd761e2ae998','{"expires": 1796074964.027931, "group": "lab", "uses": 3}');
INSERT INTO "audit" VALUES(10,1.79607136569379448893e+09,'local:0','provider.add','f48ebac5abcd6950','{"algorithms": ["RS256", "ES256"], "client_id": "appproxy", "groups_claim": "groups", "id": "f48ebac5abcd6950", "issuer": "https://login.corp.example/", "name": "corp", "scopes": ["openid", "profile", "email"]}');
INSERT INTO "audit" VALUES(11,1.79607136827973127364e+09,'local:0','application.publish','53cdceae915993fb','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "53cdceae915993fb", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(12,1.79607137206031560894e+09,'local:0','application.assign','53cdceae915993fb','{"name": "sales", "provider": "f48ebac5abcd6950", "user": "5f2b7c", "value": "5f2b7c"}');
INSERT INTO "audit" VALUES(13,1.79607137596434307102e+09,'local:0','segment.add','e82932deacab2d1d','{"external": "https://handbook.example.com/", "id": "057788f154ae9789", "internal": "http://wiki.internal:8080/", "name": "wiki"}');
INSERT INTO "audit" VALUES(14,1.79607138048653411865e+09,'local:0','cors.add','e82932deacab2d1d','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}');
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('e299632c02c556bf','connector','-----BEGIN CERTIFICATE-----
MIIBojCCAUegAwIBAgIQFXqH30OZf/uv0JhvHjsKbjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDFjYmY3ZTI0OTc0N2QyZGUwHhcN
MjYxMTI5MjA0MjIyWhcNMzYxMTMwMDg0MjIyWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDFjYmY3ZTI0OTc0N2QyZGUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARvMDYbJJ2nXJAmtPsi0Lx63jYO2Vao5DUMgYpjqKyZxcjzgg02GyUR
LVmVyLpQkLwSZxthfgV41+VAn5L5JOkzo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU83IuasFXladLwJYWmT2gdi+kGFsw
CgYIKoZIzj0EAwIDSQAwRgIhALwYLUdamGjCu7rOkQ2/rI+5nuJouAzyxvC4tYlR
cYoXAiEAgN7rQrOeWl3nIvUsMirkzPMLxI6Qo7oa73MeJYf4XAo=
-----END CERTIFICATE-----
',X'733125252BF37060A1348A01C26C595401C3DB2AD571D74D0F2587456DCFBF7608A0957C266EBA5DE1C96E3176961D61C27D75BD39978F307DA3E90F00BE4D5B56E6C7D270B9F8E72AC3A97ED110DE1C126F3FCD73B9B5D44A47132DFA0D9210E5FEE95D8BD49EBB42A7867BEEFF39C5FBCE84F82B531CC5DABB3933A5661C334AD3786FD9416A8DD7C666FF7D868506CFDAD254511268508E5F93021E4C4FF07B462ED707770DB6929205E9E72F796B01E47735C1B1DB3097470B1E9E72807B650A2DC2FC3F8E73CBC32AB9803399F9588715051C7F11F83EE3554BC7533F6F088C5BC5E004767DCFDED9DC09E5274907724B155A77BC643B7EFA0655165B47D004A0935CFF8991149E57F46515234786482D',1.79607134275690603257e+09,2111647342.0);
INSERT INTO "authorities" VALUES('c8fcb7b1a240ce6b','user','-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQaJwwDdcjNgxKRxQkOyx1KTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAxY2JmN2UyNDk3NDdkMmRlMB4X
DTI2MTEyOTIwNDIyMloXDTM2MTEzMDA4NDIyMlowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gMWNiZjdlMjQ5NzQ3ZDJkZTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABO+29MYQfYAuacCYXfFiHWZJcZAKSFZ4sML/uu0BR8OfAL7mQAmB
TOiKFZ7IBvBZ6fV7aO6yYDWqyqYa+ELhCAOjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBS1OdbjmI4O4wqBHaAiJYBSV+uE
QjAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgGOGjMQa9bzP6AntacgBq5yxQOj5epqMrMjpNzk3VqFgCIFcoNt+O4z+1dd8u
3MWIin7+kcuPgyCxKaoNzlYkiET5
-----END CERTIFICATE-----
',X'733125252BF369A308754CEE49A284B4D7AB14F5933AFD5D7376E68CE9D3E9B41407B70528CDED326B69D5ACDD776965041D4265B4C42460EA6EC599A29CEDF28C14DCFA0418198122445F73D76A97D277642B6D52A9B53A177C4B91FB0DDFCC9AA73E48BC9CABFDF343B193E8BA19426FE260483B636D836996BD2202ED45E60287196806D15279C4A4D44A3123ACB4370A74E17053BBCB7AF2E67170BC7328F30361B7A965A6DE675AC4CC6F3F9AF88447D16BB3A5D7B3CEEDAF1FD441FB268DD5129CC018838BEFE2C7A0E00993B524CB6CDF6E2863B9333EC7FAF691DCA0EFA9DFFD9D93F6CA6655CDBF7C22B23D656B8583725D9EDBBC6687D3E014C7C0F568D75793F7D788672EC4B131220095A503F9',1.79607134275690603257e+09,2111647342.0);
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
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('2d9faab277fdf845','lab','lab',1);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, 
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
	enrolled DOUBLE NOT NULL, 
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
INSERT INTO "cors_rules" VALUES('e82932deacab2d1d','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','e82932deacab2d1d');
INSERT INTO "external_urls" VALUES('status.example.com','/','a252e23508303069');
INSERT INTO "external_urls" VALUES('sales.example.com','/','53cdceae915993fb');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','e82932deacab2d1d');
CREATE TABLE join_tokens (
	id VARCHAR(64) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	uses INTEGER NOT NULL, 
	uses_left INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_join_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_join_tokens_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE
);
INSERT INTO "join_tokens" VALUES('e30cbd761e2ae998','02d55bef5964637f91fb54e0cf8f7ba3ef817b7e9515db099d02598a3f886a20','2d9faab277fdf845',3,3,1.79607136402793097496e+09,1.79607496402793097496e+09);
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
INSERT INTO "leaves" VALUES('ae0e0c9e233373d6','connector','e299632c02c556bf','-----BEGIN CERTIFICATE-----
MIIB4zCCAYigAwIBAgIQTLwkHXizjjLmAM4YcPQ50zAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDFjYmY3ZTI0OTc0N2QyZGUwHhcN
MjYxMTI5MjA0MjIyWhcNMjcxMTMwMjA0MjIyWjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYUP1KC60rwri
/YNnZTo4cW9A4G3XMnhN4oqz/o+d9BiD3oVUTC3hOif0tGOOSFjtl1Fm/Pz2n6Z3
qzXVi8WkwKOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBSivauOoiXkZ17q3Rc2CNcNAU1gCjAfBgNVHSMEGDAWgBTzci5q
wVeVp0vAlhaZPaB2L6QYWzAKBggqhkjOPQQDAgNJADBGAiEAzU3U7KANYCKmjYM1
f2gmfQ0d49tJTLlo1CbNLCv7FMQCIQDPnJpvKe3B7uDN7OiP5hrc40aRghDyvC8W
2wp0UhaUhw==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBojCCAUegAwIBAgIQFXqH30OZf/uv0JhvHjsKbjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDFjYmY3ZTI0OTc0N2QyZGUwHhcN
MjYxMTI5MjA0MjIyWhcNMzYxMTMwMDg0MjIyWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDFjYmY3ZTI0OTc0N2QyZGUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARvMDYbJJ2nXJAmtPsi0Lx63jYO2Vao5DUMgYpjqKyZxcjzgg02GyUR
LVmVyLpQkLwSZxthfgV41+VAn5L5JOkzo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU83IuasFXladLwJYWmT2gdi+kGFsw
CgYIKoZIzj0EAwIDSQAwRgIhALwYLUdamGjCu7rOkQ2/rI+5nuJouAzyxvC4tYlR
cYoXAiEAgN7rQrOeWl3nIvUsMirkzPMLxI6Qo7oa73MeJYf4XAo=
-----END CERTIFICATE-----
',X'733125252BF30928F0FCABE36DECA141505FA5846E2F3977E599DB472B7510132CC0065A1203E52672AF77C24352F354F8240D793BD3078A9A352AC02AF7C4A84ED73832D1990ABC6560520FD0B12B7723BA325A76F49250B3C54065A227952F9960FEBF1F089E6B1C7C7B132674D3389BF1B62958EA720B71E21F967FB80EE86E9AE7DC9C7006843CD237375CACF52C160D74509C4DC72169DDD0CF599BC5C80C180C3849E25800E71E057EDB798FA6C0D293D82C5D6B660D4FE3C626A65A8451820D4D7A2CE393817110F8CD0370C7322A6F3F0054D61A5F580C4E3FD52D21694E9D4E60CF6689CFF2A5EAB763BC0B65B28C7FFD4A4D8E256A8CC818A4C49C279324EB3D55E8DD5787296F4ADC979F8A40B3',1.79607134275690603257e+09,1827607342.0);
INSERT INTO "leaves" VALUES('da0a4a3ce79889d3','user','c8fcb7b1a240ce6b','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQUpAir52nbBYnmiV3XK5gMTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAxY2JmN2UyNDk3NDdkMmRlMB4X
DTI2MTEyOTIwNDIyMloXDTI3MTEzMDIwNDIyMlowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ8VkiiAWESgOdbyUX0kWul
CCFvgzdGrxOxCihWjeClKVmSm4GdWHtvbpq+QaXt+o62gfd6vVpGymtDH8wEVS6O
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBTxoyBjwCFUr7/gsWID+MCZ+8ckWzAfBgNVHSMEGDAWgBS1Odbj
mI4O4wqBHaAiJYBSV+uEQjAKBggqhkjOPQQDAgNHADBEAiA/L0/NCDWuE1DDuDMZ
JzZzA1OOzEci6y3+HIzjtxRcWAIgX1De1Lt0RrUaoVPa/tBZ4VqnxQ/nqXRNNTiX
75gwPmo=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQaJwwDdcjNgxKRxQkOyx1KTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAxY2JmN2UyNDk3NDdkMmRlMB4X
DTI2MTEyOTIwNDIyMloXDTM2MTEzMDA4NDIyMlowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gMWNiZjdlMjQ5NzQ3ZDJkZTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABO+29MYQfYAuacCYXfFiHWZJcZAKSFZ4sML/uu0BR8OfAL7mQAmB
TOiKFZ7IBvBZ6fV7aO6yYDWqyqYa+ELhCAOjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBS1OdbjmI4O4wqBHaAiJYBSV+uE
QjAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgGOGjMQa9bzP6AntacgBq5yxQOj5epqMrMjpNzk3VqFgCIFcoNt+O4z+1dd8u
3MWIin7+kcuPgyCxKaoNzlYkiET5
-----END CERTIFICATE-----
',X'733125252BF3A5121F1EE885E1109C9C9422091CA32607E9DBB7972D3D9BB9FA6997F20604DC545120AB1CEEB4078747C9E0FAFAC724B57917CB4AE7AE320DD1C8EEBB1E89D20749223354B14FAB41F94A0B7B940FE1253D02AE88EE9883CC7F0EFD34A49A569FE953D6AB1C9E235461A7894B4CDD9629D5C037414051A6F9E54FE1083B72CC015CA6733E950EBB6AA1CD4E62765052D8F7615B3FE240DAD8B50D8A0D5BE97B9895BC66083ADB9549552AAED213FBFEB7267C208CFFAC3AE03F17175BF07292B77C4366E22961621AE4AC79BAC92D40FE778E9E9F0D844015CEA8349BA6F329A88848415C0E944D5077A049EAB0B9AAFA61F16A2FBEC1DED472252EA28A9FA99976725351FB894995C08E44F5',1.79607134275690603257e+09,1827607342.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'733125252BF33EC4A1F1E947931941611296C77F8AC959C4D35FAA80DE5F2BF01642FE7F6F91E974FFA8');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('75dceea358e5a8b3','f2c942c8ac7123c2');
INSERT INTO "memberships" VALUES('1c2e3317b0aa2034','f2c942c8ac7123c2');
CREATE TABLE not_before (
	subject VARCHAR(255) NOT NULL, 
	time DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_not_before PRIMARY KEY (subject)
);
CREATE TABLE one_time (
	id VARCHAR(255) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_one_time PRIMARY KEY (id)
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
	algorithms TEXT NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'733125252BF39CCE717E47B2884FF3F6754AD0CAF848CA6D152E86B029F5B591A2FE7C7F47D03B80B1A474158366A3B53C52A86A582C96458413C83D937C24A26F40D194BE8A6DF46C164200F69598DAAFDF4C936659014B15546877F705B4D56B93','openid profile email','groups','ES256');
INSERT INTO "providers" VALUES('f48ebac5abcd6950','corp','corp','https://login.corp.example/','appproxy',X'733125252BF38549BE07A20B3D00170D07D8E8270E4F30C52A8DCE6E05E75251803A4093963B9CA29CCFAB7DA18B2C','openid profile email','groups','RS256 ES256');
CREATE TABLE revisions (
	part VARCHAR(128) NOT NULL, 
	revision BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (part)
);
INSERT INTO "revisions" VALUES('all',11);
INSERT INTO "revisions" VALUES('authorities',1);
INSERT INTO "revisions" VALUES('connector_groups',2);
INSERT INTO "revisions" VALUES('providers',7);
INSERT INTO "revisions" VALUES('sealing_keys',1);
INSERT INTO "revisions" VALUES('settings',1);
INSERT INTO "revisions" VALUES('applications',8);
INSERT INTO "revisions" VALUES('assignments',9);
INSERT INTO "revisions" VALUES('segments',10);
INSERT INTO "revisions" VALUES('cors_rules',11);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'733125252BF3AB664BF0087F7A26ACDFF807032DDDEDD314DD4583C01C7F9644399A73D3C629EAA160DCDFC23DEA3F426DECD0D413FAF0F48F64F302F21795FF7821',1.79607134275690603257e+09);
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
INSERT INTO "segments" VALUES('057788f154ae9789','e82932deacab2d1d','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607137596434307102e+09);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','1cbf7e249747d2de');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('a63bfe7f94be058b',X'733125252BF3CE6B507BD95260D31944D2C543034C760D63C3736F25739A625BD577D3B68AB7A200DC5C8418DDEF91DDB77B8AF5756C8D35195BB538BB378BEE5B514F64D386F43094FA175BBD8F77FD39842760C77C20A558002F5E75CDB54F719E9B9C2C1B95792CC891A280595541E3E127AB9CCB18A8FB0212E62B4BA5D0417D720F47F89F4C4D3911268FE42CF317A3E88D0F060BA84BCCEE954ADD744385D90DCC9C9EA57F08C5072BECE4F65E815CF7A80C2791CE26A7CE8E4B1AB5CF70784522CA8813C993DBD82403BCD7D967947278886FACFFB70C8A188788D483ADBBECD3B54AB1F3CDBC17EE81AC4F5A6EFB8D53352906579984C5630226E25260500739DC6A15E1AD1CA04C643A47CFDECB79',1.79607134275690603257e+09);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('f2c942c8ac7123c2','staff','staff');
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
INSERT INTO "users" VALUES('75dceea358e5a8b3','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$fRdI99R83AsW4QHpdjcvog$dIDa+1H+fZKBHYxa9vLM8YTSMv1hdPnpi7DZABqtDeY',0,1.79607135575235319141e+09,1.79607135575235319141e+09);
INSERT INTO "users" VALUES('1c2e3317b0aa2034','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$uiZK5iYeGm4KSrhRsX/kUA$j8lQ8JtspW3L/HEamwlo0dmXAuIYu1JOf73OBXhQFvU',0,1.7960713582926545143e+09,1.7960713582926545143e+09);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
CREATE INDEX ix_not_before_expires ON not_before (expires);
CREATE INDEX ix_audit_time ON audit (time);
CREATE INDEX ix_applications_connector_group ON applications (connector_group);
CREATE INDEX ix_applications_provider ON applications (provider);
CREATE INDEX ix_memberships_group_id ON memberships (group_id);
CREATE INDEX ix_join_tokens_connector_group ON join_tokens (connector_group);
CREATE INDEX ix_join_tokens_expires ON join_tokens (expires);
CREATE INDEX ix_connectors_connector_group ON connectors (connector_group);
CREATE INDEX ix_leaves_authority ON leaves (authority);
CREATE INDEX ix_segments_application ON segments (application);
CREATE INDEX ix_external_urls_application ON external_urls (application);
CREATE INDEX ix_acme_challenges_expires ON acme_challenges (expires);
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address');
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','2d9faab277fdf845','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5);
INSERT INTO "not_before" VALUES('not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
