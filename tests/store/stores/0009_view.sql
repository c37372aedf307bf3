-- master key 5f424257d36143611f471047671843b0d26dadfae9e2f245d8fbd0e13753443e
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
INSERT INTO "alembic_version" VALUES('view');
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
INSERT INTO "applications" VALUES('eabc2afbdf965cef','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','8916e47ba6af17f1','builtin','{"backend_timeout": "120"}',1.79607141025836396222e+09);
INSERT INTO "applications" VALUES('d7bee43b42b35323','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607141273392295838e+09);
INSERT INTO "applications" VALUES('73aa2ce0b017ab71','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','614095208ee2e37d','{}',1.79607143037629342083e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('eabc2afbdf965cef','builtin','group','225b5198500a609b',0);
INSERT INTO "assignments" VALUES('73aa2ce0b017ab71','614095208ee2e37d','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607140509099078183e+09,'local:0','connector.token','c8ff81145cee884a','{"expires": 1796075005.0909908, "group": "default", "uses": 1}');
INSERT INTO "audit" VALUES(2,1.79607140782827949523e+09,'local:0','connector_group.add','8916e47ba6af17f1','{"id": "8916e47ba6af17f1", "name": "lab", "needs_approval": true}');
INSERT INTO "audit" VALUES(3,1.79607141025836396222e+09,'local:0','application.publish','eabc2afbdf965cef','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "eabc2afbdf965cef", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(4,1.79607141273392295838e+09,'local:0','application.publish','d7bee43b42b35323','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "d7bee43b42b35323", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(5,1.79607141486648464205e+09,'local:0','application.set','eabc2afbdf965cef','{"name": "wiki", "settings": {"backend_timeout": "120"}}');
INSERT INTO "audit" VALUES(6,1.7960714163921120167e+09,'local:0','user.add','cc538b74d30dfe7a','{"groups": ["staff"], "name": "alice"}');
INSERT INTO "audit" VALUES(7,1.79607141934256768229e+09,'local:0','user.add','7bec97807c007844','{"groups": [], "name": "bob"}');
INSERT INTO "audit" VALUES(8,1.79607142204840683941e+09,'local:0','user.add_to_group','7bec97807c007844','{"group": "staff", "name": "bob"}');
INSERT INTO "audit" VALUES(9,1.79607142448557829854e+09,'local:0','application.assign','eabc2afbdf965cef','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "225b5198500a609b"}');
INSERT INTO "audit" VALUES(10,1.79607142622528052327e+09,'local:0','connector.token','476f163b89f706e3','{"expires": 1796075026.2252805, "group": "lab", "uses": 3}');
INSERT INTO "audit" VALUES(11,1.79607142822515201572e+09,'local:0','provider.add','614095208ee2e37d','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "groups_claim": "groups", "id": "614095208ee2e37d", "issuer": "https://login.corp.example/", "name": "corp", "scopes": ["openid", "profile", "email"]}');
INSERT INTO "audit" VALUES(12,1.79607143037629342083e+09,'local:0','application.publish','73aa2ce0b017ab71','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "73aa2ce0b017ab71", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(13,1.7960714325701134205e+09,'local:0','application.assign','73aa2ce0b017ab71','{"maintainer": false, "name": "sales", "provider": "614095208ee2e37d", "user": "5f2b7c", "value": "5f2b7c"}');
INSERT INTO "audit" VALUES(14,1.79607143407463622089e+09,'local:0','segment.add','eabc2afbdf965cef','{"external": "https://handbook.example.com/", "id": "0331200d8d0f96d1", "internal": "http://wiki.internal:8080/", "name": "wiki"}');
INSERT INTO "audit" VALUES(15,1.79607143564343953133e+09,'local:0','cors.add','eabc2afbdf965cef','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}');
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('5c7839075188a5a0','connector','-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIQeAizMMCf2045nd9LvFfSezAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGI4ZDJhZjE0NTllMTYyY2MwHhcN
MjYxMTI5MjA0MzIzWhcNMzYxMTMwMDg0MzIzWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGI4ZDJhZjE0NTllMTYyY2MwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS++1j6KNfTwjwCWBiraRfhoVTHNq7oyNLaRWyiMBGayLP1Rjy4w+sY
D770o5+gWEE6bva60g70h2WwmZtvYOFwo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUzRcaxJTa/1/etnk/9MI6OelzMrUw
CgYIKoZIzj0EAwIDRwAwRAIgNUm8F5dE2/cOm/A1VJk8t1eV/5YFeM0TcdIm/J2W
XcQCIAbdLX+CNku24qoSswzSISwQZqRML0TLShq5WjbAFxZz
-----END CERTIFICATE-----
',X'73314023894656AFC374FF739FEFE97152A7FE59024967E498D12652A5121DF5AA7B1B6FA8DE032DD97FBEAC3A343B2C26A027115FD67C672783C932E92832FD376B1A7CE52D5FBF2DF79CB91A01C62A5642AE02530D57C6E89D81C608DD40037EFBF6C0AA5F1A80D3CC05148D310FFC1519ADF2128DBBC7BFDF7DAD1BBACCD300A2990F05E8A69C220357471E04C337D69E3435779117BEF0C7ED1B10C1326957EA4CC04B83AE584AB102C11169A5369A90634AE3D05EF58946A018A9E0A6C3B0212C4556FA4AFF52304CC9CCF96BBE050CDFF1E15AE7389BD05C92835003283018DAD3807E295163A893A858CEAE61B00E152522FCA3AD44AEF2B533C87F5F3CB1C78CB2D4CEBBAF2AC5D3A145E7F4DCD620',1.79607140386804628373e+09,2111647403.0);
INSERT INTO "authorities" VALUES('13947ca9c3f473ab','user','-----BEGIN CERTIFICATE-----
MIIBwzCCAWigAwIBAgIQLTyPZviRIi65docjP/1SzzAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBiOGQyYWYxNDU5ZTE2MmNjMB4X
DTI2MTEyOTIwNDMyM1oXDTM2MTEzMDA4NDMyM1owMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYjhkMmFmMTQ1OWUxNjJjYzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABJkazPAQacbG87BK1aTseOF9+lNZY4EB3T4Q2bwWpjhNPAdMW8yy
Xe6XfoGE95Kxit9QTCyNVpKEoj+yfE+V9AijZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBR0u4J8fp2aQy0aflTp7KQWwSLV
sDAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSQAw
RgIhANQYOjIe2oA5keDr5qmUDp6gZpNEBrmRi1wQxtj0poyfAiEApu07+J1xSsDC
EEgojeJPcPlY2zi46rprzKD9Y0CH3yQ=
-----END CERTIFICATE-----
',X'7331402389464BDC9B4DDA6EC78C1B9136C6886E63D7ECD7851D77DF512F533469A533FE9B5F424126A071FFE78846E04204C23DD12871B852D4FD06F922120A444ADC069BB02DD727FAA0C203239BFADD50E2E51E7778878200F98A1466BDC5E4BFACBF7F69CC95D004D4CBFF8D648D1D4B808787120D75746FAB53859A4A10D5BEB6922BA524ED095C165340CEDA58131CCA059B405C55E048CE9DEBD7A3AA438D4D921FC29FC5D25BD99EF59BAFB60D62779D02F36ACB64E85CC292585994D281FB78EC57015445ED715803CB923AD5568E74C68C14FE463E3DE2C8C7F98E8083AC9BEF7F621C97873A9889CE07E48FF4D9FAEABF18B01BB52E55549FE970E026109FA762C24EC2B1418E5550E2CC16C074',1.79607140386804628373e+09,2111647403.0);
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
INSERT INTO "connector_groups" VALUES('8916e47ba6af17f1','lab','lab',1);
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
INSERT INTO "cors_rules" VALUES('eabc2afbdf965cef','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','eabc2afbdf965cef');
INSERT INTO "external_urls" VALUES('status.example.com','/','d7bee43b42b35323');
INSERT INTO "external_urls" VALUES('sales.example.com','/','73aa2ce0b017ab71');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','eabc2afbdf965cef');
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
INSERT INTO "join_tokens" VALUES('c8ff81145cee884a','e4f97eb4985b745d348d1389486e1ad175583fd4929c823070686262d530b992','default',1,1,1.79607140509099078183e+09,1.79607500509099078178e+09);
INSERT INTO "join_tokens" VALUES('476f163b89f706e3','b842494dbb59725bc46488964f083a71a6839088e5f29d255f6904d297e22216','8916e47ba6af17f1',3,3,1.79607142622528052327e+09,1.79607502622528052331e+09);
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
INSERT INTO "leaves" VALUES('abdbf405023dd565','connector','5c7839075188a5a0','-----BEGIN CERTIFICATE-----
MIIB4jCCAYigAwIBAgIQVU1bI6zXkdKrDG2VUSgRJjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGI4ZDJhZjE0NTllMTYyY2MwHhcN
MjYxMTI5MjA0MzIzWhcNMjcxMTMwMjA0MzIzWjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExe8i8BS/vwr/
zYki8tuOYfglU6DU69VNbs2X4O1QLWSW8UYGujInUnhrCnU/2UbVZsm3p10gI6Sp
o8/26GOvUKOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBS//W9DBd3zABl34K3fbB/XkNYQEjAfBgNVHSMEGDAWgBTNFxrE
lNr/X962eT/0wjo56XMytTAKBggqhkjOPQQDAgNIADBFAiAvIDs4gArZN+M/JViM
EKBbjGhq3LJ19UKwVzAGRRwmUgIhAIs5ZOgHIfi8s/6cheh86VCeO9sYcTbUfWqs
gUCPomoU
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIQeAizMMCf2045nd9LvFfSezAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGI4ZDJhZjE0NTllMTYyY2MwHhcN
MjYxMTI5MjA0MzIzWhcNMzYxMTMwMDg0MzIzWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGI4ZDJhZjE0NTllMTYyY2MwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS++1j6KNfTwjwCWBiraRfhoVTHNq7oyNLaRWyiMBGayLP1Rjy4w+sY
D770o5+gWEE6bva60g70h2WwmZtvYOFwo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUzRcaxJTa/1/etnk/9MI6OelzMrUw
CgYIKoZIzj0EAwIDRwAwRAIgNUm8F5dE2/cOm/A1VJk8t1eV/5YFeM0TcdIm/J2W
XcQCIAbdLX+CNku24qoSswzSISwQZqRML0TLShq5WjbAFxZz
-----END CERTIFICATE-----
',X'733140238946599CCAC4B1B73A65E0ED5109DF5C225721F5B979A8B5740272CFB83BC4DE310CEFBE61936AA7C1BCD104986BF5D0B1C689300777D7D83CEAD31D9778C4FE0B20892B45164FC430F4F26783B05F2633BCBB9727C0302CC0746A47A047B3AF366808964532B8CC1061EABE19686F30AA71D33392C3ECCDF723A4522EDB4301F85C1B9CA5DF0DD7D019253102399BB1F23F5013D67B3001B5ED9AF4B94117896CA47029D01769C7843910278D2F826EC7F07A1A6F6D40B45868C94B08DF5CDB5C11A8BF21EE66A8077F1B74DD8EADBD0949ABD2EACCD8A4F854520161AA651699EE70AE9CC18E237D2A1F5227178E4A3A71C4EAC569FD0040918FA3B5FE55F87F67A54610E36AE89E99F83D5FB8BD',1.79607140386804628373e+09,1827607403.0);
INSERT INTO "leaves" VALUES('8441b0de90d66223','user','13947ca9c3f473ab','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQSRW2RrB/Oyoq0LQUMBOJpjAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBiOGQyYWYxNDU5ZTE2MmNjMB4X
DTI2MTEyOTIwNDMyM1oXDTI3MTEzMDIwNDMyM1owFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARkvTe77RCeEt6ZrUvFU8E+
l2VIzlsNHYfsAl1vuVGa+VSlbRlkNMZZVVA1EUkapzGBoI7xQ6fFQhodm4G/lo3X
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBQmEXV2H5DzyTBOdCc7ApwKLSlP5jAfBgNVHSMEGDAWgBR0u4J8
fp2aQy0aflTp7KQWwSLVsDAKBggqhkjOPQQDAgNHADBEAiA1d67kRBK1/4oB4qex
BbdeqNuLZg6qbT9sb/cvgnpT7QIgGta87EBSJu2FJW9dw+goonzrG550ocEuARBS
dir4+rk=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwzCCAWigAwIBAgIQLTyPZviRIi65docjP/1SzzAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBiOGQyYWYxNDU5ZTE2MmNjMB4X
DTI2MTEyOTIwNDMyM1oXDTM2MTEzMDA4NDMyM1owMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYjhkMmFmMTQ1OWUxNjJjYzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABJkazPAQacbG87BK1aTseOF9+lNZY4EB3T4Q2bwWpjhNPAdMW8yy
Xe6XfoGE95Kxit9QTCyNVpKEoj+yfE+V9AijZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBR0u4J8fp2aQy0aflTp7KQWwSLV
sDAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSQAw
RgIhANQYOjIe2oA5keDr5qmUDp6gZpNEBrmRi1wQxtj0poyfAiEApu07+J1xSsDC
EEgojeJPcPlY2zi46rprzKD9Y0CH3yQ=
-----END CERTIFICATE-----
',X'733140238946EB5950E94F48A69A0931120C8F3C073202FFFE7356A1B03DC1F259E215593EA981768BFD149584D91D9787C8D17C9423D4598828858821955F066086DA970105C2CB88D4D38295A9520519F7C73E7DE3D4B26018CC42C036DF4C7D98B3AA068465CC0A6F6515E6046B38BC39ABC1741735B594FA7677F2016ADB897734602DBDAE34A8C765B693B6CD8BA14B04E68DF7133F3B7E13E5A66AE20B80FD362EC2A8579230DC5A962EA7102267E8E4671E4470FBF915BC806E5696FEE360A0DF18BA44A518399D87D14D13D14CAA2367CC9A40AD70B32F57B9D06146930952DD03353450E000012258A62ED7D318CA2267080F5CE416D2821E64A7F6FB900C7B281C22DFE88A5025C2FD53D22C932A',1.79607140386804628373e+09,1827607403.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'733140238946D475077CD260BD5D4D3C939734C82678443E3EA476BC4AF4C6B8435E43D778B9FEE48F5A');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('cc538b74d30dfe7a','225b5198500a609b');
INSERT INTO "memberships" VALUES('7bec97807c007844','225b5198500a609b');
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
CREATE TABLE providers (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	issuer TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret BLOB NOT NULL, 
	scopes TEXT NOT NULL, 
	groups_claim VARCHAR(255) NOT NULL, 
	algorithms TEXT NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'7331402389465D8056BD9425DE39D87B16BCB0312EFF8929235084EEE82AE52FC6D3C0BDA1F9B6CA8BB1AD8F47068762BAC4062C5D6ADB6B35CA7C89A3156F12E56268357C318AAB7C196BF5D040630F824BAEA98C90F54CE68470F1D4F2A10D7A5E','openid profile email','groups','ES256','');
INSERT INTO "providers" VALUES('614095208ee2e37d','corp','corp','https://login.corp.example/','appproxy',X'733140238946E3BABBCEDC07D396905EC757847AA851ED37033D11821DCC361C98C31C63FC450356421033DB26ECF4','openid profile email','groups','RS256 ES256','');
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
INSERT INTO "sealing_keys" VALUES(1,X'733140238946EA4CAB97EA22EA3604C5D99B755169C412FB1E9D73506BDA7527CA004269F8EC2C665B09DC1BC5F2689D7CBC30F08715FBD1280D4D9A3B91613B331C',1.79607140386804628373e+09);
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
INSERT INTO "segments" VALUES('0331200d8d0f96d1','eabc2afbdf965cef','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607143407463622089e+09);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','b8d2af1459e162cc');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('70fef3c074f191a8',X'733140238946511592F8465FA4B321D092EE84AAA3CA25BFE5178D1288941D11C50DD71E778A3B076CA8AA1764B99F7E030C903054884442EC58F1D870136D48CA068B131F918C484A29FFAF797D1063D0BB75EAE38A9F4AD0CBA2B1A091E999DC794D1FA025BC0BB94EA0FCE828B39F448F0C34E1939FD433F042AEFC3CF4DBDF6D292F2A48B6E37A09C94E1EBECC0E94F5E33ECEEDAABA15C108E43C95E746EEAE56C324CB1A7C135BFB05090666EAD47C2BA310D6034C85D8F94E3F52ED848CBE787C164F4937E8F42CDEBB3CC1AEDFDA8A9360936239738C5548FE585EC99A5E8474A4FDFA8EF4F01218164FA70421B44276B0D00259E45DBF5257298DDFF1C2F7E4D2D007BAEAB4275EEDB125B88A681A',1.79607140386804628373e+09);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('225b5198500a609b','staff','staff');
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
INSERT INTO "users" VALUES('cc538b74d30dfe7a','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$/jC6BRfDM1wRSP2U0/luzA$7s7a5TCUIkIZdMh9IoUlwvgdmEEkT7M/t+SYNm715g0',0,1.7960714163921120167e+09,1.7960714163921120167e+09);
INSERT INTO "users" VALUES('7bec97807c007844','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$UXDU4NpHzzKXMPkHYv5x8g$9PGWmmztbaynXLZEmgXeRZoI2olEu6nSH2XxoxNHAj0',0,1.79607141934256768229e+09,1.79607141934256768229e+09);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
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
CREATE INDEX ix_not_before_expires ON not_before (expires);
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address');
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','8916e47ba6af17f1','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
