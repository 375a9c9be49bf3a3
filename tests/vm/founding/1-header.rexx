/* rexxjs-vm-base: base-rhel-8-with-jdk17 */
/* rexxjs-vm-memory: 4G */
/* rexxjs-vm-cpus: 2 */
/* rexxjs-vm-ingress-port: 8080 */
/* rexxjs-vm-timeout: 300 */
